"""The lines that lectures ask for: right answers, honest mistakes, and what to try them on.  For :func:`lines.answered`.

A module holds the lines of a lecture, or of two that belong together; each line is reached from here: ``asked.D_LOSS``.
"""

from gancourse.classroom.asked.biggan import ORTHOGONAL, SHARED
from gancourse.classroom.asked.clips import ACCURACY, TWO_STREAMS
from gancourse.classroom.asked.codes import BIGAN_GE, BOUND
from gancourse.classroom.asked.collapse import PACKS, SERVED
from gancourse.classroom.asked.conditional import ACGAN_G, PROJECTION
from gancourse.classroom.asked.convolution import BATCH_NORM, TRANSPOSED_SIZE
from gancourse.classroom.asked.dynamics import IN_TURNS, KL_FROM_D
from gancourse.classroom.asked.elsewhere import JOINT_UPDATE, REVERSED_LOSS
from gancourse.classroom.asked.growing import FADE, SPREAD
from gancourse.classroom.asked.latent import ATTRIBUTE, GREAT_CIRCLE
from gancourse.classroom.asked.likelihood import KL_TERM, MAY_SEE
from gancourse.classroom.asked.measuring import FRECHET, PRECISION
from gancourse.classroom.asked.minimax import BEST_D, D_LOSS, D_STEP, G_STEP
from gancourse.classroom.asked.modern import AUGMENTED, R3GAN_D
from gancourse.classroom.asked.objectives import LEAST_SQUARES, POWER_ITERATION, THERMOSTAT
from gancourse.classroom.asked.repair import FILLED, JOINT
from gancourse.classroom.asked.sentences import AUGMENT, CLS_LOSS
from gancourse.classroom.asked.styles import DEMODULATED, TRUNCATED
from gancourse.classroom.asked.translation import CYCLE, IDENTITY, PIX2PIX_D, PIX2PIX_G
from gancourse.classroom.asked.wasserstein import CRITIC_LOSS, PENALTY
from gancourse.classroom.asked.zoo import MARGIN_D, ODDS

__all__ = [
    "ACCURACY",
    "ACGAN_G",
    "ATTRIBUTE",
    "AUGMENT",
    "AUGMENTED",
    "BATCH_NORM",
    "BEST_D",
    "BIGAN_GE",
    "BOUND",
    "CLS_LOSS",
    "CRITIC_LOSS",
    "CYCLE",
    "DEMODULATED",
    "D_LOSS",
    "D_STEP",
    "FADE",
    "FILLED",
    "FRECHET",
    "GREAT_CIRCLE",
    "G_STEP",
    "IDENTITY",
    "IN_TURNS",
    "JOINT",
    "JOINT_UPDATE",
    "KL_FROM_D",
    "KL_TERM",
    "LEAST_SQUARES",
    "MARGIN_D",
    "MAY_SEE",
    "ODDS",
    "ORTHOGONAL",
    "PACKS",
    "PENALTY",
    "PIX2PIX_D",
    "PIX2PIX_G",
    "POWER_ITERATION",
    "PRECISION",
    "PROJECTION",
    "R3GAN_D",
    "REVERSED_LOSS",
    "SERVED",
    "SHARED",
    "SPREAD",
    "THERMOSTAT",
    "TRANSPOSED_SIZE",
    "TRUNCATED",
    "TWO_STREAMS",
]
