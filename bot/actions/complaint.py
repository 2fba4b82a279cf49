"""Taking down a complaint: what is asked stands in `complaint_form`, what is said in `bot/domain/complaint.yml`."""

from __future__ import annotations

from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions import wording
from bot.actions.form import Filling, FormValidation, miss_contact, miss_order_number
from bot.actions.turn import NONE, Turn

ORDER, ACCOUNT, WISH, CONTACT, CONFIRMED = (
    *("order_number", "complaint_account", "complaint_wish", "contact"),
    "complaint_confirmed",
)
ASKED: Final = (ORDER, ACCOUNT, WISH, CONTACT)
LONGEST = 2000
"""Characters of what happened."""

BESIDE_NUMBERS, UNASKED = 8, 16
"""The weight from which on words tell what happened though something else was asked for: beside that, or instead."""

PLAIN_REQUEST = 18
"""The weight up to which the wish for a human tells nothing else."""

_NO = frozenset({"no_number", "deny"})
_UNWILLING: Final = {"zh": {NONE: "无"}, "en": {NONE: "none"}}


class ValidateComplaint(FormValidation):
    """The validation of `complaint_form`."""

    form = "complaint_form"
    back = "utter_back_to_complaint"

    def is_free(self, turn: Turn) -> bool:
        """What happened and what would put it right are said in one's own words."""
        return turn.requested in (ACCOUNT, WISH)

    def is_word(self, turn: Turn) -> bool:
        """In one's own words, "that is not what I wanted" says what happened, and so may "goodbye"."""
        if not self.is_free(turn) or turn.intent not in ("not_helpful", "goodbye"):
            return False
        told = wording.account(turn.words)
        # As a wish, "that is not what I asked" would make no sense.
        return told is not None and (turn.requested == ACCOUNT or wording.weight(told) > wording.BRIEF // 2)

    def kept(self, turn: Turn) -> list[Any]:
        """A story that asks for a human on the way; nobody has to tell it to them again."""
        told = wording.account(turn.words) if turn.intent == "ask_human" and self.is_free(turn) else None
        if told is None or wording.weight(told) <= PLAIN_REQUEST:
            return []
        return [SlotSet(ACCOUNT, _longer(turn.slots.get(ACCOUNT), told))]

    def read(self, filling: Filling) -> None:
        """Anything will do by which somebody can be called; a lookup takes only what the order was placed with."""
        turn = filling.turn
        speaks_of_it = turn.requested == CONFIRMED and CONTACT in wording.fields(turn.text)
        if turn.given.get(CONTACT) or not (turn.requested == CONTACT or speaks_of_it):
            return
        number = wording.telephone(turn.text)
        if number is not None:
            turn.given[CONTACT] = number
            filling.put(CONTACT, number)

    def begin(self, filling: Filling) -> None:
        """Takes what was told with the wish to complain, so that nobody has to say it again."""
        words = filling.turn.words
        told = wording.account(words)
        filling.put(CONFIRMED, None)
        if told is not None:
            filling.put(ACCOUNT, told[:LONGEST])
            filling.put(WISH, wording.wish(words))
        filling.say("utter_complaint_begun" if told is None else "utter_complaint_begun_with_account")

    def take(self, filling: Filling) -> None:
        """Takes a correction, or the answer to what was asked."""
        if self._chosen(filling) or self._corrected(filling):
            return
        told = self._told(filling)
        match filling.turn.requested:
            case "order_number":
                self._take_order_number(filling, told)
            case "complaint_account":
                self._take_account(filling)
            case "complaint_wish":
                self._take_wish(filling)
            case "contact":
                self._take_contact(filling, told)
            case _:
                self._take_decision(filling, told)

    def end(self, filling: Filling) -> None:
        """Shows all that was taken down once it is complete."""
        if any(filling.get(slot) is None for slot in ASKED) or filling.get(CONFIRMED) is not None or filling.closed:
            return
        if filling.unclear:
            filling.say("utter_what_to_change")
            return
        order, contact = filling.get(ORDER), filling.get(CONTACT)
        filling.say(
            "utter_complaint_summary",
            order_zh=_UNWILLING["zh"].get(order, order),
            order_en=_UNWILLING["en"].get(order, order),
            account=_shown(filling.get(ACCOUNT)),
            wish=_shown(filling.get(WISH)),
            contact_zh=_UNWILLING["zh"].get(contact, contact),
            contact_en=_UNWILLING["en"].get(contact, contact),
        )

    def _chosen(self, filling: Filling) -> bool:
        """Whether a button said what is wished for, or what is to be changed."""
        if filling.turn.pressed in ASKED:
            filling.put(filling.turn.pressed, None)
        elif (wish := filling.turn.title("utter_ask_complaint_wish")) is not None:
            filling.put(WISH, wish)
        else:
            return False
        return True

    def _corrected(self, filling: Filling) -> bool:
        """Whether the turn corrects what was said before; with the new value, or it is asked for again."""
        turn = filling.turn
        confirming = turn.requested == CONFIRMED
        replaced = bool(turn.given) and wording.corrects(turn.text)
        if turn.intent != "correct" and not replaced and not (confirming and not turn.given and self._names(filling)):
            return False
        yes = turn.intent == "affirm" and not (confirming and wording.faults(turn.text))
        if yes or (self.is_free(turn) and wording.weight(turn.text) > wording.BRIEF):
            return False
        if turn.given:
            filling.say("utter_changed")
            return True
        field = self._field(filling)
        if field is None and wording.meant_otherwise(turn.text) and filling.get(ACCOUNT):
            field = ACCOUNT
        if field is None:
            filling.keep_tries()
            filling.unclear = confirming
            return confirming or not self.is_free(turn)
        if field in (WISH, ACCOUNT) and (wording.meant_otherwise(turn.text) or wording.wish(turn.text)):
            filling.put(field, turn.text if field == WISH else _longer(filling.get(ACCOUNT), turn.text))
            filling.say("utter_changed")
            return True
        filling.put(field, None)
        filling.say("utter_again")
        return True

    def _names(self, filling: Filling) -> bool:
        """Whether a no names one of the slots that are filled, or whatever it was taken for says that it is wrong."""
        turn = filling.turn
        short = wording.weight(turn.text) <= wording.BRIEF
        no = wording.faults(turn.text) or (short and turn.intent in ("deny", "nlu_fallback"))
        return no and self._field(filling) is not None

    def _field(self, filling: Filling) -> str | None:
        """Which of the slots that are filled the customer speaks of."""
        filled = [slot for slot in ASKED if filling.get(slot) is not None]
        named = wording.fields(filling.turn.text)
        if named:
            return next((field for field in named if field in filled), None)
        numbers = [slot for slot in (ORDER, CONTACT) if slot in filled and filling.get(slot) != NONE]
        return numbers[0] if len(numbers) == 1 and wording.names_a_number(filling.turn.text) else None

    def _told(self, filling: Filling) -> bool:
        """Whether something else was asked for and the customer told what happened, or more of it."""
        turn = filling.turn
        if self.is_free(turn) or turn.pressed or not turn.text:
            return False
        if turn.requested == CONFIRMED and wording.weight(turn.text) <= wording.BRIEF and wording.wish(turn.text):
            filling.put(WISH, turn.words)
            filling.say("utter_changed")
            return True
        told = wording.account(turn.words)
        if told is None or (turn.intent in ("affirm", *_NO) and wording.weight(told) <= wording.BRIEF):
            return False
        about_it = turn.intent in ("complaint", "insult") or turn.requested == CONFIRMED
        enough = BESIDE_NUMBERS if turn.given else UNASKED
        if not about_it and (wording.weight(told) < enough or wording.fields(told)[:1] in ([ORDER], [CONTACT])):
            return False
        filling.put(ACCOUNT, _longer(filling.get(ACCOUNT), told))
        filling.say("utter_noted")
        return True

    def _take_order_number(self, filling: Filling, told: bool) -> None:
        turn = filling.turn
        if turn.given or told:
            return
        if turn.intent in _NO:
            filling.put(ORDER, NONE)
        elif miss_order_number(filling, silently=turn.intent in ("affirm", "complaint")):
            filling.put(ORDER, NONE)
            filling.say("utter_without_order_number")

    def _take_account(self, filling: Filling) -> None:
        told = wording.account(filling.turn.words)
        if told is None and not filling.turn.given and filling.in_vain():
            told = filling.turn.words or NONE
        if told is not None:
            filling.put(ACCOUNT, told[:LONGEST])
            filling.put(WISH, filling.get(WISH) or wording.wish(told))
        elif not filling.turn.given:
            filling.say("utter_account_needed")

    def _take_wish(self, filling: Filling) -> None:
        turn = filling.turn
        if (turn.words and turn.intent not in ("affirm", "correct")) or wording.fields(turn.words):
            filling.put(WISH, turn.words[:LONGEST])
        elif not turn.given and filling.in_vain():
            filling.put(WISH, turn.words or NONE)

    def _take_contact(self, filling: Filling, told: bool) -> None:
        turn = filling.turn
        if turn.given or told:
            return
        if turn.intent in _NO or miss_contact(filling, any_telephone=True):
            filling.put(CONTACT, NONE)
            filling.say("utter_without_contact")

    def _take_decision(self, filling: Filling, told: bool) -> None:
        turn = filling.turn
        if turn.given or told:
            return
        if turn.intent == "affirm":
            filling.put(CONFIRMED, True)
        elif turn.intent == "deny":
            filling.unclear = True
        elif filling.in_vain():
            filling.say("utter_handoff")  # with all that was taken down


class FileComplaint(Action):  # type: ignore[misc]  # the library has no types
    """Hands a confirmed complaint to the hub, which files it and puts its number for `{reference}`."""

    def name(self) -> str:
        """As the rules call it."""
        return "action_file_complaint"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """What is said and the record; nothing is told before that is stored.

        Raises `ValueError` for a complaint that nobody has confirmed: where an action failed, Rasa goes on without it.
        """
        if tracker.get_slot(CONFIRMED) is not True:
            raise ValueError("the complaint is not confirmed")
        record = {slot: tracker.get_slot(slot) or NONE for slot in ASKED}
        dispatcher.utter_message(response="utter_complaint_filed", reference="{reference}")
        dispatcher.utter_message(json_message={"effect": "complaint", "record": record})
        return []


class ForgetComplaint(Action):  # type: ignore[misc]  # the library has no types
    """Ends a complaint that somebody does not want to make after all."""

    def name(self) -> str:
        """As the rules call it."""
        return "action_forget_complaint"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Empties what only the complaint needed."""
        dispatcher.utter_message(response="utter_complaint_stopped")
        empty = [ACCOUNT, WISH, CONFIRMED, "form_tries"]
        empty += [slot for slot in (ORDER, CONTACT) if tracker.get_slot(slot) == NONE]
        return [SlotSet(slot, None) for slot in empty]


def _longer(account: str | None, more: str) -> str:
    return (f"{account}\n{more}" if account and account != NONE else more)[:LONGEST]


def _shown(text: str) -> str:
    """A customer's words as a value in a response: Rasa takes `0[` for a placeholder that was left."""
    return text.replace("0[", "0 [")
