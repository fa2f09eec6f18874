from pathlib import Path

import pytest

from gancourse.classroom import notebooks, reading

SOURCE = """# %% [markdown]
# ## Further reading
#
# - Radford, Metz & Chintala, [*Unsupervised learning*](https://a.org/1), ICLR 2016 (on arXiv since
#   2015, which is another year).
# - Karras et al. 2020, [*Analyzing*](https://a.org/2) (CVPR). Section 4.
# - Kim & Lee (2017), [*One*](https://a.org/3), ICML; Yi et al., [*Two*](https://a.org/4), ICCV 2018.
# - D. Gissin & S. Ben, [*Three*](https://a.org/5), CVPR 2017. R. D. Hjelm et al., [*Four*](https://a.org/6), ICLR 2018: 2 ways.
# - H. Zhang et al., [*Stack*](https://a.org/7), ICCV 2017, and [*Stack++*](https://a.org/8), 2018.

# %% [markdown]
# - Nobody (1999), [*Elsewhere*](https://a.org/9).
"""


def written(folder: Path, name: str, text: str = SOURCE) -> Path:
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_work_of_an_entry_has_its_own_authors_and_year(tmp_path: Path) -> None:
    found = {work.title: (work.authors, work.year) for work in reading.works([written(tmp_path, "01_a")])}
    assert found == {
        "Unsupervised learning": ("Radford, Metz & Chintala", "2016"),
        "Analyzing": ("Karras et al.", "2020"),
        "One": ("Kim & Lee", "2017"),
        "Two": ("Yi et al.", "2018"),
        "Three": ("D. Gissin & S. Ben", "2017"),
        "Four": ("R. D. Hjelm et al.", "2018"),
        "Stack": ("H. Zhang et al.", "2017"),
        "Stack++": ("H. Zhang et al.", "2018"),
    }


def test_a_work_of_two_lectures_stands_once_with_both(tmp_path: Path) -> None:
    again = (
        "# ## Further reading\n#\n# - K. & L. 2020, [*Analyzing it*](https://a.org/2): twice [*here*](https://a.org/2), 2020.\n"
    )
    page = reading.markdown(reading.works([written(tmp_path, "01_a"), written(tmp_path, "14_b", again)]))
    line = (
        "- Karras et al., [*Analyzing*](https://a.org/2). Lectures [01](../notebooks/01_a.ipynb), [14](../notebooks/14_b.ipynb)"
    )
    assert page.count("https://a.org/2") == 1 and line in page.splitlines()
    years = [line for line in page.splitlines() if line.startswith("## ")]
    assert years == ["## 2016", "## 2017", "## 2018", "## 2020"]


def test_an_entry_without_a_year_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no year: Somebody, \[\*X\*\]"):
        reading.works([written(tmp_path, "01_a", "# ## Further reading\n# - Somebody, [*X*](https://a.org/x).\n")])


def test_no_name_of_a_work_has_a_venue_or_a_year_in_its_authors() -> None:
    found = reading.works(notebooks.sources())
    assert len(found) > 100
    for work in found:
        assert work.authors and not any(
            mark in work.authors for mark in ("20", "NeurIPS", "ICLR", "ICML", "CVPR", "ICCV", "[")
        ), work


def test_the_page_is_what_the_lectures_say() -> None:
    page = (notebooks.root() / "docs" / "reading.md").read_text(encoding="utf-8")
    assert page == reading.markdown(reading.works(notebooks.sources())), "gancourse notebooks writes it"


def test_works_are_in_the_order_of_surnames(tmp_path):
    source = tmp_path / "01_x.py"
    names = ("J.-Y. Zhu", "Arjovsky", "B. Neyshabur")
    entries = [f"# - {name}, [*Title*](https://a.b/{i}), 2017\n" for i, name in enumerate(names)]
    source.write_text("# ## Further reading\n" + "".join(entries))
    assert [work.authors for work in reading.works([source])] == ["Arjovsky", "B. Neyshabur", "J.-Y. Zhu"]
