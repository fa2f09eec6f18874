"""The picture of what lies ahead."""

import numpy as np
import pytest
import torch

from gancourse import data, viz
from gancourse.classroom import gallery
from gancourse.experiments import text_faces
from gancourse.experiments.text_to_image import about, new


def test_every_row_changes_what_it_is_given():
    for row in (gallery._coloured(), gallery._dressed(), gallery._filled(), gallery._said()):
        assert row.shape == (2 * gallery.PAIRS, 3, 64, 64) and row.abs().max() <= 1
        before, after = row[0::2], row[1::2]
        assert (before - after).abs().flatten(1).mean(1).min() > 0.005


def test_the_picture_fits_the_page():
    picture = gallery.ahead()
    assert picture.width <= 900 and picture.height > 4 * 64 and np.asarray(picture).std() > 20


@pytest.mark.slow  # draws the ten thousand faces of the training
def test_beside_a_sentences_face_stands_the_nearest_that_was_learnt_from():
    faces = data.faces(32, text_faces.N, progress=False)
    learnt = torch.arange(text_faces.N)[~new(faces)]
    index, _ = viz.nearest_neighbours(gallery.said(), faces.images[learnt])
    assert tuple(learnt[index[:, 0]].tolist()) == gallery.NEAREST


@pytest.mark.slow  # draws the ten thousand faces of the training
def test_no_sentence_was_read_in_the_training():
    faces = data.faces(32, text_faces.N, progress=False)
    read = set(about(faces[~new(faces)], text_faces.SENTENCES, seed=0)[0])
    assert len(read) > 10_000 and not read & set(gallery.SENTENCES)
