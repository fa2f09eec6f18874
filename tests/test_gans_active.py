"""Active learning: what is asked, that nothing is asked twice, and a case where the discriminator must find what is missing."""

import pytest
import torch

from gancourse.gans import active
from gancourse.gans.ensemble import stack
from gancourse.models.latent_codes import Classifier


def blobs(n=200, seed=0):
    """Four blobs in the plane, one a class."""
    source = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 4
    centres = torch.tensor([[2.0, 2], [-2, 2], [2, -2], [-2, -2]])
    return active.Pool(centres[y] + 0.4 * torch.randn(n, 2, generator=source), y)


def model(k=2):
    torch.manual_seed(0)
    return stack([Classifier(2, 4, (16,)) for _ in range(k)])


@pytest.mark.parametrize("method", active.METHODS)
def test_nothing_is_asked_twice(method):
    pool = blobs()
    curves = active.learning_curves(method, pool, blobs(seed=1), seeds=(0, 1), first=8, each=6, rounds=2, steps=20)
    assert curves.labels == [8, 14, 20]
    assert curves.accuracy.shape == (3, 2)
    assert all(len(set(rows.tolist())) == 20 for rows in curves.asked)


def test_all_methods_begin_alike_and_random_is_seeded():
    made = [
        active.learning_curves(m, blobs(), blobs(seed=1), seeds=(3,), first=8, each=4, rounds=1, steps=5) for m in active.METHODS
    ]
    assert all(torch.equal(curve.asked[:, :8], made[0].asked[:, :8]) for curve in made)
    assert all(torch.equal(curve.accuracy[0], made[0].accuracy[0]) for curve in made)


def test_the_discriminator_asks_for_the_class_that_no_label_has():
    pool = blobs()
    asked = torch.where(pool.y < 3)[0][:60].expand(2, -1)
    chosen = active.choose("discriminative", model(), pool.x, asked, 10, ())
    assert (pool.y[chosen] == 3).float().mean() > 0.8  # at random a quarter


def test_any_codes_will_do_that_tell_the_missing_class():
    pool = blobs()
    asked = torch.where(pool.y < 3)[0][:60].expand(2, -1)
    chosen = active.choose_by_codes(pool.x.expand(2, -1, -1), asked, 10, parts=1, steps=300)
    assert (pool.y[chosen] == 3).float().mean() > 0.8
    assert all(not set(rows.tolist()) & set(asked[0].tolist()) for rows in chosen)
    blind = active.choose_by_codes(torch.zeros(2, 200, 3), asked, 10, parts=1, steps=30)  # codes that say nothing
    assert (pool.y[blind] == 3).float().mean() < 0.6


def test_uncertainty_asks_where_two_classes_meet():
    pool = blobs()
    trained = model(1)
    rows = torch.arange(40)[None]
    active._fit(trained, pool.x[rows], torch.nn.functional.one_hot(pool.y[rows], 4).float(), 150)
    chosen = active.choose("uncertainty", trained, pool.x, rows, 10, ())
    near = pool.x.abs().amin(1)  # the distance from the cross between the blobs
    assert near[chosen].mean() < near.mean()


def test_too_small_a_pool_is_refused():
    with pytest.raises(ValueError, match="larger pool"):
        active.learning_curves("random", blobs(20), blobs(), seeds=(0,), first=10, each=10, rounds=3)
    with pytest.raises(ValueError, match="larger pool"):
        active.choose_by_codes(torch.zeros(1, 20, 2), torch.arange(15)[None], 6)
    with pytest.raises(ValueError, match="did you mean 'uncertainty'"):
        active.learning_curves("uncertain", blobs(), blobs(), seeds=(0,))


def test_a_choice_names_its_method_and_what_is_left():
    pool, asked = blobs(5), torch.arange(3)[None]
    with pytest.raises(ValueError, match="did you mean 'uncertainty'"):
        active.choose("uncertianty", model(1), pool.x, asked, 2, ())
    for method in active.METHODS:
        with pytest.raises(ValueError, match="3 samples are asked of 2 that have no label: take a larger pool"):
            active.choose(method, model(1), pool.x, asked, 3, [torch.Generator()])


def test_no_judge_is_trained_for_no_row(monkeypatch):
    trained = []
    monkeypatch.setattr(active, "_fit_judge", lambda *args: trained.append(args))
    h, asked = torch.randn(1, 9, 2, generator=torch.Generator().manual_seed(0)), torch.tensor([[0, 1]])
    assert active.choose_by_codes(h, asked, 1, parts=3).shape == (1, 1) and len(trained) == 1
