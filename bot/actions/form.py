"""What all forms have in common: asides, corrections, a way out, and no endless loop.

A form's validation is asked with each turn in it. It takes what was given and answers with the slots as they are now;
Rasa then asks for the next one that is empty. What is said here stands before that question.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecutionRejected, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions import wording
from bot.actions.turn import Turn
from hub.ports import KnowledgeBase

TRIES = 3
"""So often is something asked for in vain; then it goes on without."""

ORDER_DIGITS, PHONE_DIGITS = 8, 11
TELEPHONE_DIGITS = range(7, 16)
LOOKS_LIKE_A_NUMBER = 3
"""Digits from which on somebody has tried to give a number."""

_OUT = {
    "ask_human": "utter_handoff",
    "danger": "utter_danger",
    "distress": "utter_distress",
    "goodbye": "utter_goodbye",
    "not_helpful": "utter_not_helpful",
}
"""Said alone, for somebody else may take over or the customer be gone. The form stays open; a handoff closes it."""

_ASIDES = frozenset(
    ["greet", "thanks", "ask_bot", "capabilities", "small_talk", "insult", "out_of_scope", "command_bot"]
)
"""Answered with `utter_<intent>`."""

_SEARCHED = frozenset({"question", "follow_up", "order_status", "warranty_status", "nlu_fallback"})


class Filling:
    """A form while a turn is worked into it."""

    def __init__(self, dispatcher: CollectingDispatcher, turn: Turn) -> None:
        self._dispatcher = dispatcher
        self.turn = turn
        self.changes: dict[str, Any] = {"form_tries": None}
        self.closed = False
        self.unclear = False
        """Something is to be changed, and nobody said what."""

    def get(self, slot: str) -> Any:
        """What is in `slot` now."""
        return self.changes.get(slot, self.turn.slots.get(slot))

    def put(self, slot: str, value: Any) -> None:
        """Fills a slot, or empties it with None."""
        self.changes[slot] = value

    def say(self, response: str, **values: Any) -> None:
        """Says a response of the domain."""
        self._dispatcher.utter_message(response=response, **values)

    def in_vain(self) -> bool:
        """Counts a try that gave nothing; whether it was the last one."""
        tries = int(self.turn.slots.get("form_tries") or 0) + 1
        self.changes["form_tries"] = None if tries >= TRIES else tries
        return tries >= TRIES

    def keep_tries(self) -> None:
        """What was said had nothing to do with what is asked for."""
        self.changes["form_tries"] = self.turn.slots.get("form_tries")

    def close(self) -> None:
        """Ends the form with what there is."""
        self.closed = True

    def events(self) -> list[Any]:
        """The changes as Rasa knows them."""
        changes = [SlotSet(slot, value) for slot, value in self.changes.items()]
        return [*changes, SlotSet("requested_slot", None)] if self.closed else changes


class FormValidation(Action):  # type: ignore[misc]  # the library has no types
    """The validation of one form. `leaves`: intents that begin something else."""

    form: str
    leaves: frozenset[str] = frozenset()
    back: str
    """What is said when the form goes on after an aside."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Rasa finds the validation of a form by its name."""
        return f"validate_{self.form}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """The changes of this turn; a rejection where something else than the form is to answer."""
        turn = Turn(tracker, domain)
        filling = Filling(dispatcher, turn)
        self.read(filling)
        if turn.requested is None:
            self.begin(filling)
        elif turn.intent in _OUT and not self.is_word(turn):
            filling.say(_OUT[turn.intent])
            return [*self.kept(turn), ActionExecutionRejected(self.form), FollowupAction("action_listen")]
        elif self.is_left(turn):
            # The rules go on; the form that they may open is to find no question of this one.
            return [ActionExecutionRejected(self.form), SlotSet("requested_slot", None)]
        elif not await self.aside(filling):
            self.take(filling)
        self.end(filling)
        return filling.events()

    def read(self, filling: Filling) -> None:
        """Takes from the turn what only this form understands, before anything is made of it."""

    def begin(self, filling: Filling) -> None:
        """The form has just been opened."""
        raise NotImplementedError

    def take(self, filling: Filling) -> None:
        """Takes what the turn gives."""
        raise NotImplementedError

    def end(self, filling: Filling) -> None:
        """The last words before Rasa asks for what is missing."""

    def is_free(self, turn: Turn) -> bool:
        """Whether the customer was asked for words of their own."""
        return False

    def is_word(self, turn: Turn) -> bool:
        """Whether what leads out of the form elsewhere is told here, as in "they never said goodbye"."""
        return False

    def kept(self, turn: Turn) -> list[Any]:
        """What somebody who takes over is to know of the turn that leads out of the form: slots, as events."""
        return []

    def is_left(self, turn: Turn) -> bool:
        """Whether the customer wants no more of it, or something else."""
        if turn.intent == "stop":
            return not turn.given and wording.weight(turn.text) <= wording.BRIEF
        return turn.intent in self.leaves and not (turn.given and wording.weight(turn.words) == 0)

    async def aside(self, filling: Filling) -> bool:
        """Answers what has nothing to do with the form, if that is what the turn is."""
        turn = filling.turn
        if turn.given or not turn.text or turn.pressed:
            return False
        if turn.intent in _ASIDES and self._is_aside(turn):
            filling.say(f"utter_{turn.intent}")
        elif turn.intent == "take_back":
            pass  # there is no human to take back; the form goes on
        elif (answer := await self._answer(turn)) is not None:
            filling.say(answer)
        else:
            return False
        filling.keep_tries()
        filling.say(self.back)
        return True

    def _is_aside(self, turn: Turn) -> bool:
        longest = wording.TELLS if turn.intent == "insult" and self.is_free(turn) else wording.BRIEF
        return wording.weight(turn.text) <= longest

    async def _answer(self, turn: Turn) -> str | None:
        """What is said to a question; None where the turn is none.

        Asked for words of their own, people write questions too: those are asides only where articles know of them.
        """
        if turn.intent not in _SEARCHED or wording.digits(turn.text) >= LOOKS_LIKE_A_NUMBER:
            return None
        free = self.is_free(turn)
        if free and (not wording.asks(turn.text) or wording.weight(turn.text) > 2 * wording.BRIEF):
            return None
        decided = await self._knowledge.decide(turn.text, _language(turn), 0)
        if decided.decision == "answer":
            return "utter_search"
        if free:  # "can you replace it?" is a wish, and what no article knows is their story
            asks = decided.decision == "clarify" and "complaint_wish" not in wording.fields(turn.text)
        else:
            asks = wording.asks(turn.text) and turn.intent in ("question", "follow_up", "nlu_fallback")
        return "utter_question_later" if asks else None


def _language(turn: Turn) -> Any:
    return "zh" if turn.language == "zh" else "en"


def miss_order_number(filling: Filling, silently: bool = False) -> bool:
    """Says what is wrong with the order number that was not one; whether that was the last try.

    `silently`: where there was none at all, asking once more is enough.
    """
    digits = wording.digits(filling.turn.text)
    last = filling.in_vain()
    if not last and digits >= LOOKS_LIKE_A_NUMBER and digits != ORDER_DIGITS:
        filling.say("utter_order_number_digits", digits=digits)
    elif not last and not silently:
        filling.say("utter_order_number_needed")
    return last


def miss_contact(filling: Filling, any_telephone: bool = False) -> bool:
    """Says what is wrong with the telephone or address that was none; whether that was the last try.

    `any_telephone`: landlines and numbers of other countries would do, but for their area code.
    """
    digits = wording.digits(filling.turn.text)
    last = filling.in_vain()
    if last:
        return True
    if "@" in filling.turn.text or "＠" in filling.turn.text:
        filling.say("utter_email_wrong")
    elif any_telephone and digits in TELEPHONE_DIGITS and wording.begins_otherwise(filling.turn.text):
        filling.say("utter_phone_code")
    elif digits >= LOOKS_LIKE_A_NUMBER and digits != PHONE_DIGITS:
        filling.say("utter_phone_digits", digits=digits)
    else:
        filling.say("utter_contact_needed")
    return False
