"""Batches in every usual form train alike; unusual ones are named."""

import multiprocessing

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torch.utils.data.distributed import DistributedSampler

from gancourse.gans.conditional import ConditionalGAN
from gancourse.gans.gan import GAN
from gancourse.models import mlp
from gancourse.models.conditional import mlp_pair
from gancourse.training import TrainingDiverged, fit
from gancourse.training.streams import Stream

X = torch.randn(24, 2, generator=torch.Generator().manual_seed(0))
Y = torch.arange(24) % 3


def toy():
    torch.manual_seed(0)
    return GAN(mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,)))


def weights(run):
    return torch.cat([p.detach().flatten() for p in run.generator.parameters()])


class Named(Dataset):
    def __len__(self):
        return len(X)

    def __getitem__(self, i):
        return {"image": X[i], "label": Y[i]}


class OnDisk(Dataset):
    """Points in files of their own, read by whoever is asked for them."""

    def __init__(self, folder):
        self.files = sorted(folder.iterdir())

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        return torch.from_numpy(np.load(self.files[i]))


FORMS = {
    "a loader of tuples of one": lambda: DataLoader(TensorDataset(X), 8),
    "a loader of pairs": lambda: DataLoader(TensorDataset(X, Y), 8),
    "a loader of dictionaries": lambda: DataLoader(Named(), 8),
    "a list of tensors": lambda: list(X.split(8)),
    "a list of pairs": lambda: list(zip(X.split(8), Y.split(8), strict=True)),
    "an iterator": lambda: iter(list(X.split(8)) * 3),
}


@pytest.mark.parametrize("form", FORMS)
def test_usual_batches_train_alike_and_epochs_follow_each_other(form):
    expected = weights(fit(toy(), iter(list(X.split(8)) * 3), 7, progress=False))
    assert torch.equal(weights(fit(toy(), FORMS[form](), 7, progress=False)), expected)


@pytest.mark.slow  # workers that are no forks import PyTorch anew
@pytest.mark.parametrize("method", sorted({"fork", "spawn"} & set(multiprocessing.get_all_start_methods())))
def test_workers_read_from_disk_what_does_not_fit_in_memory(method, tmp_path):
    for i, point in enumerate(X):
        np.save(tmp_path / f"{i:02d}.npy", point.numpy())
    loader = DataLoader(OnDisk(tmp_path), 8, num_workers=2, multiprocessing_context=method)
    expected = weights(fit(toy(), iter(list(X.split(8)) * 3), 7, progress=False))
    assert torch.equal(weights(fit(toy(), loader, 7, progress=False)), expected)


def test_labels_reach_the_game_from_a_loader():
    torch.manual_seed(0)
    game = ConditionalGAN(*mlp_pair(3, out_shape=(2,), hidden=(8,)))
    fit(game, DataLoader(Named(), 8), 2, progress=False)
    assert game.state_dict()["seen"].tolist() == Y[:16].tolist()


def test_epochs_of_a_loader_are_shuffled_anew():
    torch.manual_seed(0)
    stream = Stream(DataLoader(TensorDataset(X), 24, shuffle=True), toy())
    first, second = next(stream)[0], next(stream)[0]
    assert not torch.equal(first, second)
    assert torch.equal(first.sort(0).values, second.sort(0).values)


def test_a_distributed_sampler_begins_each_epoch_with_another_order():
    sampler = DistributedSampler(TensorDataset(X), num_replicas=1, rank=0)
    stream = Stream(DataLoader(TensorDataset(X), 24, sampler=sampler), toy())
    first, second = next(stream)[0], next(stream)[0]
    assert not torch.equal(first, second)
    assert torch.equal(first.sort(0).values, second.sort(0).values)


def test_what_was_looked_at_ahead_comes_next():
    stream = Stream(list(X.split(8)), toy())
    assert torch.equal(stream.ahead()[0], X[:8])
    assert [torch.equal(next(stream)[0], part) for part in X.split(8)] == [True] * 3


@pytest.mark.parametrize(
    ("batch", "kind", "message"),
    [
        ({"picture": X}, ValueError, "dictionary of 'picture'"),
        ({"image": X, "label": Y, "caption": Y}, ValueError, "dictionary of 'image', 'label', 'caption'"),
        ((X, Y, Y), ValueError, "a tuple of 3"),
        ([], ValueError, "a list of 0"),
        (X.numpy(), TypeError, "must be a torch.Tensor, not ndarray"),
        ((X, Y.numpy()), TypeError, "its labels must be a torch.Tensor, not ndarray"),
        (3.0, TypeError, "must be a torch.Tensor, not float"),
        ((X, Y[:5]), ValueError, "5 labels for 24 samples"),
        ((X * 100).byte(), TypeError, "to_float"),
        (X.double(), TypeError, "float64, the networks are torch.float32: convert"),
        (X[:0], ValueError, "empty"),
        (X.log(), ValueError, "NaN or infinity"),
    ],
    ids=str,
)
def test_unusual_batches_are_named(batch, kind, message):
    with pytest.raises(kind, match=message):
        fit(toy(), [batch], 3, progress=False)


@pytest.mark.parametrize(
    ("batches", "kind", "message"),
    [([], ValueError, "no batches"), (None, TypeError, "gancourse.data.Batches"), (3, TypeError, "not int")],
    ids=str,
)
def test_what_gives_no_batches_is_named(batches, kind, message):
    with pytest.raises(kind, match=message):
        fit(toy(), batches, 3, progress=False)


def test_pictures_in_another_range_are_noticed():
    pictures = torch.rand(8, 1, 4, 4)
    game = GAN(mlp.Generator(2, (1, 4, 4)), mlp.Discriminator((1, 4, 4)))
    with pytest.raises(ValueError, match="127.5"):
        fit(game, [255 * pictures], 2, progress=False)
    with pytest.warns(UserWarning, match="nothing in the real batch is below 0"):
        fit(game, [pictures], 2, progress=False)


def test_a_later_batch_that_holds_nan_is_named():
    poisoned = X.clone()
    poisoned[3, 1] = np.nan
    with pytest.raises(TrainingDiverged, match="at step 3: the real batch holds NaN"):
        fit(toy(), [X, X, poisoned], 9, progress=False)
