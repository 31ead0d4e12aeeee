"""The core's sentences in Spanish: one behind or within another, with numbers, times and plurals as people write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from webapp.sentences import local

SPANISH = {"Accept-Language": "es-MX", "Cookie": "zone=Europe/Madrid"}


@pytest.fixture
def spanish(app: Flask) -> Iterator[None]:
    with app.test_request_context(headers=SPANISH):
        yield


SAID = {
    "1 records in one part.": "1 registro en una parte.",
    "2 records in one part.": "2 registros en una parte.",
    "1,012,486 records in 64 parts. 1 more are in the hands of other jobs.": (
        "1.012.486 registros en 64 partes. 1 más está en manos de otros trabajos."
    ),
    "Completed with errors. 40 of 3,000 failed; the others are done.": (
        "Completado con errores. Fallaron 40 de 3.000; los demás están hechos."
    ),
    "Waits until 2031-02-03 23:04:10 UTC: Qdrant is unwell (500): out. of disk (attempt 3 of 6 is next). "
    "1 of 8 parts wait, the others go on.": (
        "Espera hasta el 4 feb 00:04:10 CET: Qdrant no funciona bien (500): out. of disk (sigue el intento 3 de 6). "
        "1 de 8 partes espera, las demás siguen."
    ),
    "Redis does not answer (TimeoutError)": "Redis no responde (TimeoutError)",
    "Recovering: its worker died. No worker listens on jobs:etl. Start one with: vigia worker": (
        "Recuperándose: su trabajador murió. Ningún trabajador atiende jobs:etl. Hay que arrancar uno con: vigia worker"
    ),
    "Cohere calls the key invalid: put a valid one into COHERE_API_KEY and restart (498)": (
        "Cohere da la clave por inválida: hay que poner una válida en COHERE_API_KEY y reiniciar (498)"
    ),
    "Put a valid one into COHERE_API_KEY and restart (401). Then retry the jobs that failed.": (
        "Hay que poner una válida en COHERE_API_KEY y reiniciar (401). Después hay que reintentar los trabajos "
        "fallidos."
    ),
    "The budget of 1,200.00 USD for November is used up (1,250.50 USD): set MONTHLY_BUDGET higher, or it goes on by "
    "itself on 1 December.": (
        "El presupuesto de 1.200,00 USD para noviembre está agotado (1.250,50 USD): hay que subir MONTHLY_BUDGET, o "
        "sigue por sí solo el 1 de diciembre."
    ),
    "“Sync everybody not indexed with location Madrid, min_years 3, at most 1,000” was launched more than 2.5 h ago "
    "and is not over.": (
        "“Sincronizar a todos los no indexados con ubicación Madrid, al menos 3 años de experiencia, como máximo "
        "1.000” se lanzó hace más de 2,5 h y no ha terminado."
    ),
    "Retry the failures with cause text_refused, step embed, job 7": (
        "Reintentar los fallos con causa “Cohere rechaza el texto”, paso vectorizar, trabajo 7"
    ),
    "ana launched the job: because": "ana lanzó el trabajo: because",
    "ana launched the job.": "ana lanzó el trabajo.",
}


@pytest.mark.usefixtures("spanish")
@pytest.mark.parametrize("text", SAID)
def test_a_sentence_is_said_as_people_say_it(text: str) -> None:
    assert local(text) == SAID[text]


@pytest.mark.usefixtures("spanish")
@pytest.mark.parametrize(
    "text",
    ["", " ", "Zzyx qwv", "%(n)s %s %", "<b>There is nothing to do</b>", "a: " * 5000, "x" * 9000, "\0: ", "1 2 3."],
)
def test_what_is_not_known_stays_as_it_is(text: str) -> None:
    assert local(text) == text


@pytest.mark.usefixtures("spanish")
def test_values_are_no_sentences_and_no_formats() -> None:
    assert local("%(n)s launched the job: %(why)s {0}") == "%(n)s lanzó el trabajo: %(why)s {0}"
    assert local("<i>w</i> took part 3, attempt 2.") == "<i>w</i> tomó la parte 3, intento 2."
    assert local("jobs:etl is paused by ana: There is nothing to do.") == (
        "ana puso en pausa jobs:etl: There is nothing to do."
    )


@pytest.mark.usefixtures("spanish")
def test_a_text_of_endless_sentences_is_read_to_an_end() -> None:
    assert local("There is nothing to do. " * 150).startswith("No hay nada que hacer. No hay nada que hacer. ")


# The core counts roughly and writes codes.
IN_ENGLISH = {
    "1 records in one part.": "1 record in one part.",
    "1,012,486 records in 64 parts. 1 more are in the hands of other jobs.": (
        "1,012,486 records in 64 parts. 1 more is in the hands of other jobs."
    ),
    "Retry the failures with cause text_refused, step embed, job 7": (
        "Retry the failures with cause “Cohere refuses the text”, step embed, job 7"
    ),
}


@pytest.mark.parametrize("text", SAID)
def test_an_english_reader_reads_the_core_with_its_codes_in_words(app: Flask, text: str) -> None:
    with app.test_request_context(headers={"Cookie": "zone=Europe/Madrid"}):
        said = local(text).replace("4 Feb 00:04:10 CET", "2031-02-03 23:04:10 UTC")
    assert said == IN_ENGLISH.get(text, text).replace("min_years 3", "at least 3 years of work")
