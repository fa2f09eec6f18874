"""The family of GANs: the notes' list is whole, and every row is well formed."""

from __future__ import annotations

import re

import pytest

from gancourse.classroom import notebooks
from gancourse.classroom.family import FAMILY, GROUPS, find
from tests.test_house import ROOT

# As the cs231n notes spell them, in their order.
LISTED = """
GAN, 3D-GAN, acGAN, AC-GAN, AdaGAN, AEGAN, AfGAN, AL-CGAN, ALI, AM-GAN, AnoGAN, ArtGAN, b-GAN, Bayesian GAN, BEGAN, BIGAN,
BS-GAN, CGAN, CaloGAN, CCGAN, CatGAN, CoGAN, Context-RNN-GAN, C-RNN-GAN, CS-GAN, CVAE-GAN, CycleGAN, DTN, DCGAN, DiscoGAN,
DR-GAN, DualGAN, EBGAN, f-GAN, FF-GAN, GAWWN, GeneGAN, Geometric GAN, GoGAN, GP-GAN, IAN, iGAN, IcGAN, ID-CGAN, Improved GAN,
InfoGAN, LAGAN, LAPGAN
"""


def test_every_name_of_the_list_is_there_in_its_order():
    assert [member.deck_name or member.name for member in FAMILY if member.deck] == [n.strip() for n in LISTED.split(",")]


def test_names_titles_and_papers_are_told_apart():
    for column in ("name", "title", "link", "idea"):
        values = [getattr(member, column) for member in FAMILY]
        assert len(values) == len(set(values)), column


def test_papers_have_an_address_and_a_year_that_fits():
    for member in FAMILY:
        if not member.arxiv:
            assert member.elsewhere.startswith("https://"), member.name
            continue
        assert re.fullmatch(r"1[4-7](0[1-9]|1[0-2])\.\d{4,5}", member.arxiv), member.name
        assert member.year == 2000 + int(member.arxiv[:2]), member.name
        assert len(member.arxiv) == (9 if member.arxiv < "1501" else 10), member.name


def test_rows_are_filled():
    for member in FAMILY:
        assert member.group in GROUPS and member.title and member.authors, member.name
        assert member.idea.endswith(".") and 20 < len(member.idea) < 125, member.name


def test_lectures_exist():
    there = {int(source.stem[:2]) for source in notebooks.sources(ROOT) if source.stem[:2].isdigit()}
    assert {number for member in FAMILY for number in member.lectures} <= there


def test_parents_are_in_the_family_and_no_younger():
    for member in FAMILY:
        for parent in map(find, member.parents):
            assert (parent.year, parent.arxiv) < (member.year, member.arxiv or "1707"), f"{member.name} of {parent.name}"


def test_outsiders_are_somebodys_parents():
    parents = {parent for member in FAMILY for parent in member.parents}
    assert {member.name for member in FAMILY if not member.deck} <= parents


def test_a_slip_of_the_name_is_answered():
    with pytest.raises(ValueError, match="did you mean 'LAPGAN'"):
        find("LAPGAM")
