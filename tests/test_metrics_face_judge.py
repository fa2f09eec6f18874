"""The judge of face or none: it takes faces, soft ones too, and refuses noise, blur and means."""

import pytest
import torch

from gancourse import data
from gancourse.metrics import digits, face_judge


@pytest.fixture(scope="module")
def faces():
    return data.pixel_faces(16, 500, progress=False).images


@pytest.fixture(scope="module")
def judge(faces):
    return face_judge.train_face_judge(faces, steps=200)


def test_it_takes_faces_that_it_was_not_taught_and_refuses_what_is_none(judge):
    unseen = data.pixel_faces(16, 100, "test", progress=False).images
    assert face_judge.accepted(judge, unseen).float().mean() > 0.8
    source = torch.Generator().manual_seed(5)
    for name, smear in face_judge.SMEARS.items():
        assert face_judge.accepted(judge, smear(unseen, source)).float().mean() < 0.3, name
    noise = torch.randint(0, 256, unseen.shape, dtype=torch.uint8, generator=source)
    assert face_judge.accepted(judge, noise).float().mean() < 0.1


def test_softened_faces_keep_their_shape_and_differ_by_little(faces):
    soft = face_judge.softened(faces, torch.Generator().manual_seed(0))
    assert soft.shape == faces.shape and soft.dtype == torch.uint8
    x, y = data.to_float(faces).flatten(1), data.to_float(soft).flatten(1)
    alike = torch.nn.functional.cosine_similarity(x - x.mean(0), y - y.mean(0))
    assert 0.3 < alike.mean() < 0.99


def test_the_same_seed_gives_the_same_judge_and_leaves_the_global_one_alone(faces):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    one, two = (face_judge.train_face_judge(faces[:40], steps=2, seed=1) for _ in range(2))
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))
    other = face_judge.train_face_judge(faces[40:80], steps=2, seed=1)
    assert one.extractor_id == two.extractor_id != other.extractor_id


def test_what_is_no_batch_of_pictures_is_refused():
    with pytest.raises(ValueError, match="faces"):
        face_judge.train_face_judge(torch.zeros(3, 16, 16, dtype=torch.uint8), steps=1)


@pytest.mark.parametrize("side", [(12, 12), (18, 18), (16, 24)])
def test_sides_that_its_nulls_cannot_be_made_of_are_refused(side):
    with pytest.raises(ValueError, match="square, their side a multiple of 8"):
        face_judge.train_face_judge(torch.zeros(4, 3, *side, dtype=torch.uint8), steps=1)
    source = torch.Generator().manual_seed(0)
    with pytest.raises(ValueError, match="multiple of 8"):
        digits.NOISES["blocks"](torch.zeros(4, 3, side[0] + 2, side[1], dtype=torch.uint8), source)


def test_faces_are_bytes(faces):
    with pytest.raises(TypeError, match="to_uint8"):
        face_judge.train_face_judge(data.to_float(faces[:4]), steps=1)
