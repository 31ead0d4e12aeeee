"""What may offend in a text is marked, and nothing else of it is changed."""

from __future__ import annotations

from webapp import offence


def marked(text: str) -> list[str]:
    [found] = offence.texts({"summary": text}, "text_refused")
    return [piece.text for piece in found.pieces if piece.suspect]


def test_letters_decoded_twice_are_marked_whole() -> None:
    text = "Enfermera con 12 aÃ±os, cirugÃ­a, estÃ©rilizaciÃ³n y \\xe9 â€™"
    assert marked(text) == ["Ã±", "Ã\\xad", "Ã©", "Ã³", "\\xe9", "â€™"]


def test_what_nobody_sees_is_shown_as_its_escape() -> None:
    assert marked("a\x00b\ud800c\ufffd") == ["\\x00", "\\ud800", "\ufffd"]


def test_good_text_in_any_script_has_no_mark() -> None:
    assert marked("Ángel Ñúñez, ÃO PAULO, Âncora, 山田, Zoë: 90 % ✓\n\tnext line") == []


def test_a_long_text_is_shown_where_its_first_mark_is() -> None:
    [found] = offence.texts({"summary": "x" * 5000 + "Ã±" + "y" * 5000}, "text_refused")
    assert sum(len(piece.text) for piece in found.pieces) < offence.SHOWN + 10
    assert [piece.text for piece in found.pieces if piece.suspect] == ["Ã±"]
    assert (found.pieces[0].text, found.pieces[-1].text, found.length) == ("… ", " …", 10_002)


def test_the_column_that_matters_comes_first() -> None:
    columns = {"headline": "Nurse", "summary": "long" * 50, "skills": "Ã±", "education": " "}
    assert [text.name for text in offence.texts(columns, "text_refused")] == ["skills", "headline", "summary"]
    assert next(iter(offence.texts(columns, "text_too_long"))).name == "summary"
