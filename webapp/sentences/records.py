"""What is wrong with a record, or with a question."""

from __future__ import annotations

from webapp.sentences.marks import told

SENTENCES = (
    # core.pipeline.plan
    told("The experience or education is nested too deeply to be read."),
    told("The record cannot be read (%(error)s)."),
    told("The profile has no text to search by."),
    # core.search
    told("this question cannot be asked"),
    told("say what you are looking for"),
    told("at most %(n)s characters"),
    told("from 1 to %(n)s"),
    told("nobody is indexed yet: launch a sync"),
    told("the index was made with %(made)s (%(size)s dimensions) and this portal asks with %(model)s (%(dimension)s)"),
    told(
        "set EMBEDDER, EMBED_MODEL and EMBED_DIMENSION as they were, or give COLLECTION another name and launch a sync"
    ),
)
