"""Questions of a category on the form: how they stand there, and what was answered.

Only the form asks. A story that comes by another way is complete without an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lapor.complaints.filing import ANSWER_LIMIT
from lapor.locales import current, say
from lapor.routing.directory import CategoryEntry, QuestionEntry, Registry

# Beyond this only the questions of the chosen category are in the page, which then asks when it is sent.
MOST_QUESTIONS = 100
_YES_NO = {"yes": "Ya", "no": "Tidak"}


def field_of(question: QuestionEntry) -> str:
    """Return the name of a question's field."""
    return f"answer-{question.id}"


def fields_of(category: CategoryEntry | None) -> list[str]:
    """Return the names of the fields that a category asks for; none without one."""
    return [field_of(question) for question in _asked(category)]


def answers_of(
    category: CategoryEntry | None,
    typed: Mapping[str, str],
    errors: dict[str, str],
    *,
    must_answer: bool = True,
) -> list[tuple[str, str]]:
    """Return each answered question with its answer, in Indonesian; what is wrong goes into `errors` by field.

    A question that was left open is left out, or wrong if an answer is required and `must_answer`.
    """
    answers = []
    for question in _asked(category):
        name = field_of(question)
        said = typed[name]
        if wrong := _wrong(question, said, must_answer):
            errors[name] = wrong
        elif said:
            answers.append((question.text, _YES_NO[said] if question.kind == "yes_no" else said))
    return answers


def _asked(category: CategoryEntry | None) -> Sequence[QuestionEntry]:
    return category.questions if category and category.active else ()


def _wrong(question: QuestionEntry, said: str, must_answer: bool) -> str:
    if not said:
        needed = question.required and must_answer
        return say("Jawab dulu: {question}").format(question=_text(question)) if needed else ""
    known = {"yes_no": _YES_NO, "choice": question.choices}.get(question.kind)
    if known is not None and said not in known:
        return say("Pilih salah satu.")
    if len(said) > ANSWER_LIMIT:
        return say("Terlalu panjang. Paling banyak {limit} huruf.").format(limit=ANSWER_LIMIT)
    return ""


def _text(question: QuestionEntry) -> str:
    return question.text_en if current() == "en" and question.text_en else question.text


def groups(registry: Registry, chosen: str) -> list[dict[str, Any]]:
    """Return the categories with their questions as the form shows them, in the language of the page.

    When there are too many for a page, only those of the category `chosen`.
    """
    asking = [category for category in registry.categories.values() if _asked(category)]
    if sum(len(category.questions) for category in asking) > MOST_QUESTIONS:
        asking = [category for category in asking if category.code == chosen]
    return [
        {"category": category.code, "questions": [_shown(question) for question in category.questions]}
        for category in asking
    ]


def _shown(question: QuestionEntry) -> dict[str, Any]:
    english = current() == "en" and bool(question.choices_en)
    return {
        "field": field_of(question),
        "text": _text(question),
        "kind": question.kind,
        "required": question.required,
        "choices": list(
            zip(question.choices, question.choices_en if english else question.choices, strict=True)
        ),
    }
