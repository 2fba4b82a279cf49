"""Where is my order, is it still under warranty: asked for in two forms, looked up in the shop's own system."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions import wording
from bot.actions.form import LOOKS_LIKE_A_NUMBER, Filling, FormValidation, miss_contact, miss_order_number
from bot.actions.turn import NONE
from bot.client import Words
from bot.lookups import Covered, LookupFailed, Lookups, Order, Warranty
from hub.ports import KnowledgeBase

FAILURES = 3
"""So often may number and contact not go together before a person is offered instead."""

_SLOTS = ("order_number", "contact")
_AGREE = frozenset({"affirm", "order_status", "warranty_status", "complaint"})
"""Nothing new, and nothing wrong: it is asked once more."""


class LookupValidation(FormValidation):
    """The validation of a form that asks for order number and contact."""

    back = "utter_back_to_lookup"

    def __init__(self, knowledge: KnowledgeBase, lookups: Lookups | None) -> None:
        super().__init__(knowledge)
        self._lookups = lookups

    def begin(self, filling: Filling) -> None:
        """What is known already is not asked for again, unless another order is meant."""
        for slot in _SLOTS:
            if filling.get(slot) == NONE:
                filling.put(slot, None)
        if "order_number" not in filling.turn.given and wording.another(filling.turn.text):
            filling.put("order_number", None)
        if self._lookups is None:
            filling.close()

    def take(self, filling: Filling) -> None:
        """Takes number and contact, in any order, and what corrects them."""
        turn = filling.turn
        if turn.given:
            tried = filling.get("tried_contact")
            if "order_number" in turn.given and filling.get("contact") is None and tried:
                filling.put("contact", tried)  # only the number was wrong
        elif turn.intent == "correct" or (turn.intent not in ("no_number", "deny") and wording.another(turn.text)):
            filling.put("contact" if "contact" in wording.fields(turn.text) else "order_number", None)
            filling.say("utter_again")
        elif turn.intent in ("no_number", "deny"):
            filling.close()
        elif turn.intent in _AGREE and wording.digits(turn.text) < LOOKS_LIKE_A_NUMBER:
            filling.keep_tries()
        elif miss_order_number(filling) if turn.requested == "order_number" else miss_contact(filling):
            filling.close()


class ValidateOrderStatus(LookupValidation):
    """The validation of `order_status_form`."""

    form = "order_status_form"
    leaves = frozenset({"complaint", "warranty_status"})


class ValidateWarranty(LookupValidation):
    """The validation of `warranty_form`."""

    form = "warranty_form"
    leaves = frozenset({"complaint", "order_status"})


class Lookup(Action):  # type: ignore[misc]  # the library has no types
    """Looks something up and says it; every way in which there is nothing to say has its own words."""

    form: str

    def __init__(self, lookups: Lookups | None) -> None:
        self._lookups = lookups

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """The answer; where number and contact do not go together the form opens again.

        Raises `ValueError` where something is missing and the form was never ended: the call to its validation failed,
        and Rasa took it for finished. Nobody has said then that they have no number; the turn is to be tried again.
        """
        number, contact = (tracker.get_slot(slot) for slot in _SLOTS)
        if self._lookups is None:
            dispatcher.utter_message(response="utter_search")
        elif (not number or not contact) and not _ended(tracker):
            raise ValueError("the form is not finished")
        elif not number or not contact:
            dispatcher.utter_message(response="utter_lookup_incomplete")
        else:
            try:
                if not await self.tell(dispatcher, self._lookups, number, contact):
                    return self._no_match(dispatcher, tracker, number, contact)
            except LookupFailed as error:
                dispatcher.utter_message(response=f"utter_lookup_{error.outcome}")
                return []
        return [SlotSet(slot, None) for slot in ("lookup_failures", "tried_contact")]

    async def tell(self, dispatcher: CollectingDispatcher, lookups: Lookups, number: str, contact: str) -> bool:
        """Says what was found; False where number and contact do not go together."""
        raise NotImplementedError

    def _no_match(self, dispatcher: CollectingDispatcher, tracker: Tracker, number: str, contact: str) -> list[Any]:
        failures = int(tracker.get_slot("lookup_failures") or 0) + 1
        changes = [SlotSet("lookup_failures", failures), SlotSet("contact", None)]
        if failures >= FAILURES:
            dispatcher.utter_message(response="utter_no_match_again")
            return [*changes, SlotSet("order_number", None), SlotSet("tried_contact", None)]
        dispatcher.utter_message(response="utter_no_match", number=number)
        opened = [ActiveLoop(self.form), SlotSet("requested_slot", "contact"), FollowupAction("action_listen")]
        return [*changes, SlotSet("tried_contact", contact), *opened]


class OrderStatus(Lookup):
    """How far the order is."""

    form = "order_status_form"

    def name(self) -> str:
        """As the rules call it."""
        return "action_order_status"

    async def tell(self, dispatcher: CollectingDispatcher, lookups: Lookups, number: str, contact: str) -> bool:
        """Says the status, in the words that the domain has for it."""
        order = await lookups.order(number, contact)
        if order is None:
            return False
        dispatcher.utter_message(response=_response_of(order), **_facts(order))
        return True


class WarrantyStatus(Lookup):
    """Until when the things of an order are under warranty."""

    form = "warranty_form"

    def name(self) -> str:
        """As the rules call it."""
        return "action_warranty_status"

    async def tell(self, dispatcher: CollectingDispatcher, lookups: Lookups, number: str, contact: str) -> bool:
        """Says a line for each thing."""
        warranty = await lookups.warranty(number, contact)
        if warranty is None:
            return False
        if not warranty.items:
            dispatcher.utter_message(response="utter_warranty_none", number=number)
        else:
            dispatcher.utter_message(response="utter_warranty", number=number, **_lines(warranty))
        return True


def _ended(tracker: Tracker) -> bool:
    """Whether a form has come to its end in this turn."""
    events = reversed(tracker.events)
    last: dict[str, Any] = next((event for event in events if event.get("event") in ("user", "active_loop")), {})
    return last.get("event") == "active_loop" and last.get("name") is None


def _response_of(order: Order) -> str:
    match order.status:
        case "shipped" if order.expected_on is None:
            return "utter_order_shipped_soon"
        case "cancelled" | "returned" if order.refund is None:
            return f"utter_order_{order.status}"
        case "cancelled" | "returned":
            paid = order.refund is not None and order.refund.paid_on is not None
            return f"utter_order_{order.status}_{'refunded' if paid else 'refunding'}"
        case _:
            return f"utter_order_{order.status}"


def _facts(order: Order) -> dict[str, str]:
    """What the responses may name: a value for each language where they differ."""
    refund = order.refund
    courier = order.courier or Words("快递", "the courier")
    days = {
        "ordered": order.ordered_on,
        "expected": order.expected_on,
        "delivered": order.delivered_on,
        "cancelled": order.cancelled_on,
        "returned": order.returned_on,
        "paid": refund.paid_on if refund else None,
    }
    facts = {f"{name}_{language}": text for name, day in days.items() for language, text in _day(day).items()}
    return {
        **facts,
        "number": order.number,
        "items_zh": "、".join(item.in_("zh") for item in order.items),
        "items_en": ", ".join(item.in_("en") for item in order.items),
        "courier_zh": courier.in_("zh"),
        "courier_en": courier.in_("en"),
        "tracking": order.tracking_number or "—",
        "amount": refund.amount if refund else "",
    }


def _lines(warranty: Warranty) -> dict[str, str]:
    today = datetime.now(UTC).astimezone().date()
    lines = [_line(item, today) for item in warranty.items]
    return {"lines_zh": "\n".join(zh for zh, _ in lines), "lines_en": "\n".join(en for _, en in lines)}


def _line(item: Covered, today: date) -> tuple[str, str]:
    zh, en = item.name.in_("zh"), item.name.in_("en")
    if item.until is None:
        return f"{zh}：签收当天开始保修", f"{en}: the warranty begins on the day you receive it"
    until = _day(item.until)
    more_zh, more_en = ("（含延保）", " (extension included)") if item.extended else ("", "")
    if item.until < today:
        return f"{zh}：已于 {until['zh']}过保{more_zh}", f"{en}: out of warranty since {until['en']}{more_en}"
    return f"{zh}：保修至 {until['zh']}{more_zh}", f"{en}: under warranty until {until['en']}{more_en}"


def _day(day: date | None) -> dict[str, str]:
    if day is None:
        return {"zh": "—", "en": "—"}
    return {"zh": f"{day.year} 年 {day.month} 月 {day.day} 日", "en": f"{day.day} {day:%B %Y}"}
