"""The family: every GAN on the list of the cs231n notes, A to L, and those outside it whose idea one of them builds on.

>>> find("LAPGAN").idea
>>> [member.name for member in FAMILY if 9 in member.lectures]
"""

from __future__ import annotations

from typing import NamedTuple

from gancourse.base import check

GROUPS = {
    "game": "another game",
    "training": "another training",
    "network": "other networks",
    "sequence": "sequences",
    "condition": "labels, conditions",
    "code": "codes, inverses",
    "pair": "picture to picture",
    "sets": "two sets",
}


class Member(NamedTuple):
    """One of the family.

    year      of its first version
    arxiv     its arXiv id, "" where there is none (``link`` then says where it is)
    group     a key of ``GROUPS``: what kind of idea it is
    parents   whose idea it builds on, as this course reads it, which is no list of what it cites; none where that is GAN alone
    lectures  where the course has its idea: 23 is the wall of small results, nothing means that the course does not have it
    deck      whether it is on the notes' list
    deck_name the list's own spelling, where that differs
    """

    name: str
    year: int
    arxiv: str
    group: str
    parents: tuple[str, ...]
    lectures: tuple[int, ...]
    title: str
    authors: str
    idea: str
    deck: bool = True
    deck_name: str = ""
    elsewhere: str = ""

    @property
    def link(self) -> str:
        """The paper's address."""
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else self.elsewhere


# Titles are those of the last version; the notes have earlier ones of AM-GAN and b-GAN.
# fmt: off
FAMILY: tuple[Member, ...] = (
    Member("GAN", 2014, "1406.2661", "game", (), (2, 3),
           "Generative Adversarial Networks",
           "Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville & Bengio",
           "A generator and a discriminator play a minimax game; at its end the samples cannot be told from the data."),
    Member("3D-GAN", 2016, "1610.07584", "network", ("DCGAN",), (21,),
           "Learning a Probabilistic Latent Space of Object Shapes via 3D Generative-Adversarial Modeling",
           "Wu, Zhang, Xue, Freeman & Tenenbaum",
           "DCGAN with one more axis: three-dimensional convolutions make shapes of voxels."),
    Member("acGAN", 2017, "1702.01983", "condition", ("CGAN",), (9,),
           "Face Aging With Conditional Generative Adversarial Networks",
           "Antipov, Baccouche & Dugelay",
           "The condition is an age group; a face is encoded, and drawn again with the code kept and another age."),
    Member("AC-GAN", 2016, "1610.09585", "condition", ("CGAN",), (9,),
           "Conditional Image Synthesis With Auxiliary Classifier GANs",
           "Odena, Olah & Shlens",
           "The discriminator is not told the class but guesses it, and both players want the guess to be right."),
    Member("AdaGAN", 2017, "1701.02386", "training", (), (23,),
           "AdaGAN: Boosting Generative Models",
           "Tolstikhin, Gelly, Bousquet, Simon-Gabriel & Schölkopf",
           "Boosting: each further GAN is trained on data weighted by what the mixture of the earlier ones misses."),
    Member("AEGAN", 2017, "1703.10094", "code", (), (10,),
           "Learning Inverse Mapping by Autoencoder based Generative Adversarial Nets",
           "Luo, Xu, Tang & Lv",
           "An autoencoder around the generator teaches an inverse from pictures back to latents."),
    Member("AffGAN", 2016, "1610.04490", "pair", (), (19,),
           "Amortised MAP Inference for Image Super-resolution",
           "Sønderby, Caballero, Theis, Shi & Huszár",
           "Super-resolution by a network whose output, shrunk, is exactly its input; an adversary judges what is left free.",
           deck_name="AfGAN"),
    Member("AL-CGAN", 2016, "1612.00215", "condition", ("CGAN",), (17,),
           "Learning to Generate Images of Outdoor Scenes from Attributes and Semantic Layouts",
           "Karacan, Akata, Erdem & Erdem",
           "Two conditions at once: a layout says what is where, attributes say which season, light and weather."),
    Member("ALI", 2016, "1606.00704", "code", (), (10,),
           "Adversarially Learned Inference",
           "Dumoulin, Belghazi, Poole, Mastropietro, Lamb, Arjovsky & Courville",
           "BiGAN's game with an encoder that draws its code at random; found at the same time."),
    Member("AM-GAN", 2017, "1703.02000", "condition", ("Improved GAN",), (),
           "Activation Maximization Generative Adversarial Nets",
           "Zhou, Cai, Rong, Song, Ren, Zhang, Wang & Yu",
           "The discriminator has a class for each label and one for fakes; each sample is pulled towards one label."),
    Member("AnoGAN", 2017, "1703.05921", "code", ("DCGAN",), (22,),
           "Unsupervised Anomaly Detection with Generative Adversarial Networks to Guide Marker Discovery",
           "Schlegl, Seeböck, Waldstein, Schmidt-Erfurth & Langs",
           "Train on healthy pictures; what no latent can draw, found by descent, is an anomaly."),
    Member("ArtGAN", 2017, "1702.03410", "condition", ("CGAN", "CatGAN"), (9,),
           "ArtGAN: Artwork Synthesis with Conditional Categorical GANs",
           "Tan, Chan, Aguirre & Tanaka",
           "Paintings by genre, artist or style: the labels' error reaches the generator through the discriminator."),
    Member("b-GAN", 2016, "1610.02920", "game", ("f-GAN",), (12,),
           "Generative Adversarial Nets from a Density Ratio Estimation Perspective",
           "Uehara, Sato, Suzuki, Nakayama & Matsuo",
           "The discriminator as an estimator of the ratio of two densities, by any Bregman divergence."),
    Member("Bayesian GAN", 2017, "1702.08896", "training", (), (),
           "Deep and Hierarchical Implicit Models",
           "Tran, Ranganath & Blei",
           "Priors on the weights of an implicit model; a learnt density ratio replaces the likelihood that cannot be computed."),
    Member("BEGAN", 2017, "1703.10717", "game", ("EBGAN", "WGAN"), (12,),
           "BEGAN: Boundary Equilibrium Generative Adversarial Networks",
           "Berthelot, Schumm & Metz",
           "The discriminator is an autoencoder, and a thermostat holds the ratio of its errors."),
    Member("BiGAN", 2016, "1605.09782", "code", (), (10,),
           "Adversarial Feature Learning",
           "Donahue, Krähenbühl & Darrell",
           "The discriminator sees pairs of a sample and its latent, so that an encoder learns the generator's inverse.",
           deck_name="BIGAN"),
    Member("BS-GAN", 2017, "1702.08431", "game", (), (23,),
           "Boundary-Seeking Generative Adversarial Networks",
           "Hjelm, Jacob, Che, Trischler, Cho & Bengio",
           "The discriminator's odds are importance weights: the generator aims at its boundary, and may be discrete."),
    Member("CGAN", 2014, "1411.1784", "condition", (), (9,),
           "Conditional Generative Adversarial Nets",
           "Mirza & Osindero",
           "Both players are told the label."),
    Member("CaloGAN", 2017, "1705.02355", "network", ("LAGAN",), (),
           "CaloGAN: Simulating 3D High Energy Particle Showers in Multi-Layer Electromagnetic Calorimeters with Generative "
           "Adversarial Networks",
           "Paganini, de Oliveira & Nachman",
           "Showers of particles in three layers of a detector, for a given energy, in place of a slow simulation."),
    Member("CCGAN", 2016, "1611.06430", "pair", ("CGAN",), (10, 19),
           "Semi-Supervised Learning with Context-Conditional Generative Adversarial Networks",
           "Denton, Gross & Fergus",
           "The generator fills a hole from what surrounds it; the discriminator that judges it learns from few labels."),
    Member("CatGAN", 2015, "1511.06390", "condition", (), (23,),
           "Unsupervised and Semi-supervised Learning with Categorical Generative Adversarial Networks",
           "Springenberg",
           "The discriminator is a classifier without labels, sure of every real sample and unsure of every fake."),
    Member("CoGAN", 2016, "1606.07536", "sets", (), (18,),
           "Coupled Generative Adversarial Networks",
           "Liu & Tuzel",
           "Two GANs share the layers that decide on content: pairs appear although none was ever shown."),
    Member("Context-RNN-GAN", 2016, "1609.09444", "sequence", (), (),
           "Contextual RNN-GANs for Abstract Reasoning Diagram Generation",
           "Ghosh, Kulharia, Mukerjee, Namboodiri & Bansal",
           "Recurrent players draw the next picture of a series of diagrams."),
    Member("C-RNN-GAN", 2016, "1611.09904", "sequence", (), (23,),
           "C-RNN-GAN: Continuous recurrent neural networks with adversarial training",
           "Mogren",
           "Both players are recurrent; the sequence is of real numbers, so gradients run through it."),
    Member("CS-GAN", 2017, "1703.04887", "sequence", ("SeqGAN",), (),
           "Improving Neural Machine Translation with Conditional Sequence Generative Adversarial Nets",
           "Yang, Chen, Wang & Xu",
           "A translator as generator; the discriminator's verdict on a sentence is the reward of a policy gradient."),
    Member("CVAE-GAN", 2017, "1703.10155", "code", ("VAE-GAN", "CGAN"), (),
           "CVAE-GAN: Fine-Grained Image Generation through Asymmetric Training",
           "Bao, Chen, Wen, Li & Hua",
           "A conditional variational autoencoder whose decoder is a generator that matches the data's mean features."),
    Member("CycleGAN", 2017, "1703.10593", "sets", ("pix2pix",), (18,),
           "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks",
           "Zhu, Park, Isola & Efros",
           "There and back again: without pairs, two translators must undo each other."),
    Member("DTN", 2016, "1611.02200", "sets", (), (23,),
           "Unsupervised Cross-Domain Image Generation",
           "Taigman, Polyak & Wolf",
           "A fixed network must see the same in a picture and in its translation."),
    Member("DCGAN", 2015, "1511.06434", "network", (), (4,),
           "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
           "Radford, Metz & Chintala",
           "Convolutions for both players, and five guidelines that made them train."),
    Member("DiscoGAN", 2017, "1703.05192", "sets", (), (18,),
           "Learning to Discover Cross-Domain Relations with Generative Adversarial Networks",
           "Kim, Cha, Kim, Lee & Kim",
           "Two generators and two reconstructions find what corresponds in two sets; CycleGAN's sister."),
    Member("DR-GAN", 2017, "", "pair", ("CGAN",), (),
           "Disentangled Representation Learning GAN for Pose-Invariant Face Recognition",
           "Tran, Yin & Liu",
           "An encoder and decoder turn a face to an asked pose; its code says who it is, whatever the pose.",
           elsewhere="https://openaccess.thecvf.com/content_cvpr_2017/papers/"
           "Tran_Disentangled_Representation_Learning_CVPR_2017_paper.pdf"),
    Member("DualGAN", 2017, "1704.02510", "sets", ("WGAN",), (18,),
           "DualGAN: Unsupervised Dual Learning for Image-to-Image Translation",
           "Yi, Zhang, Tan & Gong",
           "CycleGAN's idea by way of dual learning in translation, with Wasserstein critics."),
    Member("EBGAN", 2016, "1609.03126", "game", (), (23,),
           "Energy-based Generative Adversarial Network",
           "Zhao, Mathieu & LeCun",
           "The discriminator is an energy, an autoencoder's error: low on data, pushed up to a margin on fakes."),
    Member("f-GAN", 2016, "1606.00709", "game", (), (12,),
           "f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization",
           "Nowozin, Cseke & Tomioka",
           "A game for every f-divergence, by its convex conjugate."),
    Member("FF-GAN", 2017, "1704.06244", "pair", ("CGAN",), (),
           "Towards Large-Pose Face Frontalization in the Wild",
           "Yin, Yu, Sohn, Liu & Chandraker",
           "A face from the side is turned to the front, helped by the coefficients of a three-dimensional face model."),
    Member("GAWWN", 2016, "1610.02454", "condition", ("GAN-CLS",), (),
           "Learning What and Where to Draw",
           "Reed, Akata, Mohan, Tenka, Schiele & Lee",
           "A sentence says what to draw, a box or key points say where."),
    Member("GeneGAN", 2017, "1705.04932", "sets", (), (),
           "GeneGAN: Learning Object Transfiguration and Attribute Subspace from Unpaired Data",
           "Zhou, Xiao, Yang, Feng, He & He",
           "A part of the code stands for glasses or smile; two faces swap that part, and must be found again after."),
    Member("Geometric GAN", 2017, "1705.02894", "game", (), (12, 23),
           "Geometric GAN",
           "Lim & Ye",
           "The discriminator is a support vector machine on features; the generator moves along its normal."),
    Member("GoGAN", 2017, "1704.04865", "training", ("WGAN",), (),
           "Gang of GANs: Generative Adversarial Networks with Maximum Margin Ranking",
           "Juefei-Xu, Boddeti & Savvides",
           "A row of GANs, each of which must beat the one before by a margin."),
    Member("GP-GAN", 2017, "1703.07195", "pair", ("DCGAN",), (),
           "GP-GAN: Towards Realistic High-Resolution Image Blending",
           "Wu, Zheng, Zhang & Huang",
           "A GAN blends two pictures at low resolution; the gradients of the pictures themselves give the detail."),
    Member("IAN", 2016, "1609.07093", "code", ("VAE-GAN",), (),
           "Neural Photo Editing with Introspective Adversarial Networks",
           "Brock, Lim, Ritchie & Weston",
           "An autoencoder in whose latent space a brush paints; encoder and discriminator share their features."),
    Member("iGAN", 2016, "1609.03552", "code", ("DCGAN",), (10, 23),
           "Generative Visual Manipulation on the Natural Image Manifold",
           "Zhu, Krähenbühl, Shechtman & Efros",
           "Strokes of a brush become constraints, and descent on the latent looks for a natural picture that meets them."),
    Member("IcGAN", 2016, "1611.06355", "code", ("CGAN",), (9, 10, 23),
           "Invertible Conditional GANs for image editing",
           "Perarnau, van de Weijer, Raducanu & Álvarez",
           "Encoders for the latent and for the label of a conditional GAN: encode, change the label, draw again."),
    Member("ID-CGAN", 2017, "1701.05957", "pair", ("pix2pix",), (17,),
           "Image De-raining Using a Conditional Generative Adversarial Network",
           "Zhang, Sindagi & Patel",
           "Pix2pix with a perceptual loss takes the rain out of a photograph."),
    Member("Improved GAN", 2016, "1606.03498", "training", ("DCGAN",), (6, 8, 10),
           "Improved Techniques for Training GANs",
           "Salimans, Goodfellow, Zaremba, Cheung, Radford & Chen",
           "Feature matching, minibatch discrimination, one-sided smooth labels, few labels, the Inception score."),
    Member("InfoGAN", 2016, "1606.03657", "code", (), (10,),
           "InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets",
           "Chen, Duan, Houthooft, Schulman, Sutskever & Abbeel",
           "A part of the latent must be readable from the sample, and so comes to mean something."),
    Member("LAGAN", 2017, "1701.05927", "network", ("DCGAN",), (),
           "Learning Particle Physics by Example: Location-Aware Generative Adversarial Networks for Physics Synthesis",
           "de Oliveira, Paganini & Nachman",
           "Pictures of particle jets, sparse and centred: layers with weights of their own at every place."),
    Member("LAPGAN", 2015, "1506.05751", "network", ("CGAN",), (23,),
           "Deep Generative Image Models using a Laplacian Pyramid of Adversarial Networks",
           "Denton, Chintala, Szlam & Fergus",
           "A small picture first; at each doubling a conditional GAN adds the detail that the enlargement lacks."),
    # Not on the list, but parents of some that are.
    Member("VAE-GAN", 2015, "1512.09300", "code", (), (),
           "Autoencoding beyond pixels using a learned similarity metric",
           "Larsen, Sønderby, Larochelle & Winther",
           "A variational autoencoder whose error is measured in the discriminator's features.", deck=False),
    Member("GAN-CLS", 2016, "1605.05396", "condition", ("CGAN",), (20,),
           "Generative Adversarial Text to Image Synthesis",
           "Reed, Akata, Yan, Logeswaran, Schiele & Lee",
           "The condition is a sentence; the discriminator also sees right pictures with wrong sentences.", deck=False),
    Member("SeqGAN", 2016, "1609.05473", "sequence", (), (),
           "SeqGAN: Sequence Generative Adversarial Nets with Policy Gradient",
           "Yu, Zhang, Wang & Yu",
           "Words have no gradient: the generator is an agent, the discriminator's verdict its reward.", deck=False),
    Member("pix2pix", 2016, "1611.07004", "pair", ("CGAN",), (17,),
           "Image-to-Image Translation with Conditional Adversarial Networks",
           "Isola, Zhu, Zhou & Efros",
           "The condition is a picture; a patch discriminator and an L1 loss judge the answer.", deck=False),
    Member("WGAN", 2017, "1701.07875", "game", (), (11,),
           "Wasserstein GAN",
           "Arjovsky, Chintala & Bottou",
           "The critic estimates the earth mover's distance, which still has a slope where nothing overlaps.", deck=False),
)
# fmt: on


def find(name: str) -> Member:
    """The member of that name."""
    by_name = {member.name: member for member in FAMILY}
    return by_name[check.one_of("member of the family", name, by_name)]
