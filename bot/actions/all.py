"""All actions of the bot, with what they need."""

from __future__ import annotations

from rasa_sdk import Action

from bot.actions.complaint import FileComplaint, ForgetComplaint, ValidateComplaint
from bot.actions.lookup import OrderStatus, ValidateOrderStatus, ValidateWarranty, WarrantyStatus
from bot.lookups import Lookups
from hub.ports import KnowledgeBase


def actions(knowledge: KnowledgeBase, lookups: Lookups | None) -> tuple[Action, ...]:
    """The actions that `bot/domain` names. `lookups`: None where there is no system to ask."""
    return (
        ValidateComplaint(knowledge),
        FileComplaint(),
        ForgetComplaint(),
        ValidateOrderStatus(knowledge, lookups),
        OrderStatus(lookups),
        ValidateWarranty(knowledge, lookups),
        WarrantyStatus(lookups),
    )
