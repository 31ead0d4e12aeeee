"""What the provider and our engines answer, or do not, with the cure.

Behind a colon stands what helps, or the engine's own words; those stay as they are.
"""

from __future__ import annotations

from webapp.sentences.marks import told

SENTENCES = (
    # core.adapters.cohere_errors, core.adapters.cohere_answer
    told("Cohere refuses the key"),
    told("put a valid one into COHERE_API_KEY and restart"),
    told("put a valid one into COHERE_API_KEY and restart (%(status)s)"),
    told("Cohere wants to be paid first"),
    told("see the billing page of the account"),
    told("see the billing page of the account (%(status)s)"),
    told("Cohere forbids this key the embed endpoint"),
    told("give it access, or use another key"),
    told("give it access, or use another key (%(status)s)"),
    told("Cohere does not know the model %(model)s"),
    told("set EMBED_MODEL to one it offers"),
    told("set EMBED_MODEL to one it offers (%(status)s)"),
    told("Cohere calls the key invalid"),
    told("Cohere does not offer this call"),
    told("check COHERE_BASE_URL and EMBED_MODEL"),
    told("check COHERE_BASE_URL and EMBED_MODEL (%(status)s)"),
    told("a text cannot be written as UTF-8"),
    told("Cohere did not answer in time; at most one batch may be billed twice"),
    told("the connection to Cohere broke (%(error)s); at most one batch may be billed twice"),
    told("invalid answer from Cohere"),
    told("an answer that is no JSON (%(error)s)"),
    told("an answer that is no JSON of an embedding"),
    told("no readable vectors"),
    told("%(shape)s numbers instead of %(wanted)s"),
    told("a vector with NaN or infinity"),
    told("a vector of zeros"),
    told("Cohere refuses the text (%(status)s)"),
    told("no reason given"),
    told("waiting for Cohere until %(until)s (%(status)s)"),
    told("Cohere says there were too many calls (%(status)s)"),
    told("Cohere is unwell (%(status)s)"),
    # core.adapters.cohere_embedder
    told("Cohere refuses every text"),
    told("check EMBED_MODEL=%(model)s, EMBED_DIMENSION=%(dimension)s and COHERE_BASE_URL."),
    told("%(model)s gives vectors of %(offered)s numbers, not %(dimension)s"),
    told("set EMBED_DIMENSION"),
    # core.adapters.redis_gate, core.adapters.redis_limiter
    told("waiting until Cohere has accepted the key"),
    told("waiting for the limit of %(limit)s inputs a minute"),
    told("Redis does not answer"),
    told("Redis does not answer (%(error)s)"),
    # core.adapters.passes, core.pipeline.vectors
    told("the model finds nothing in the text"),
    told("another worker has been paying for the same text for too long"),
    # core.adapters.qdrant_rest, core.adapters.qdrant_index, core.adapters.qdrant_collections
    told("an answer that is not Qdrant's"),
    told("Qdrant does not answer (%(error)s)"),
    told("is it running at QDRANT_URL?"),
    told("Qdrant is unwell (%(status)s)"),
    told("Qdrant refuses the key (%(status)s)"),
    told("set QDRANT_API_KEY to one that may write"),
    told("the collection is not there (%(words)s)"),
    told("launch a sync, which makes it, or set COLLECTION"),
    told("Qdrant refuses this (%(status)s)"),
    told(
        "If the model or its dimension was changed, set EMBED_MODEL and EMBED_DIMENSION back, or give COLLECTION "
        "another name"
    ),
    told("Qdrant has not yet applied the change (%(words)s)"),
    told("the alias %(alias)s was made and is gone again"),
    told(
        "the collection %(name)s behind %(alias)s was made for %(made)s with %(size)s dimensions, and the settings "
        "say %(model)s with %(dimension)s"
    ),
    told("set EMBEDDER, EMBED_MODEL and EMBED_DIMENSION back, or give COLLECTION another name"),
    # worker.away, core.search
    told("PostgreSQL did not answer (%(error)s)"),
    told("PostgreSQL does not answer: try again in a moment"),
    # core.budget
    told("the budget of %(amount)s %(currency)s for %(month)s is used up (%(spent)s %(currency)s)"),
    told("set MONTHLY_BUDGET higher, or it goes on by itself on %(day)s %(month)s"),
    # core.prices
    told("PRICES_FILE %(file)s cannot be read"),
    told("PRICES_FILE %(file)s is no price list"),
)
