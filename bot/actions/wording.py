"""What can be told from the words alone, in Chinese and English: how much they tell, and what they are about. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

Field = Literal["order_number", "complaint_account", "complaint_wish", "contact"]

TELLS: Final = 6
"""The weight from which on words tell what happened."""

BRIEF: Final = 24
"""The weight up to which words may be an aside, or a wish to stop."""

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[a-z0-9']+", re.IGNORECASE)

# People paste anything, and all of this runs on the hub's event loop: no pattern may take longer than its text is long,
# so what repeats is bounded.
_LITTLE = re.compile(  # that somebody is unhappy, wants to complain, greets, or gives a number
    r"你好|您好|请问|怎么|在?哪里"
    r"|(?:帮我|麻烦|请|我们?|本人|现在|今天|就是|真的|一定|正式|想|要|得|必须|需要|进行|提交|登记|发起|提|做|一个|一下|个|一条){0,12}"
    r"(?:投诉|举报)(?:一下|你们|你|他们)?(?:的?(?:客服|服务|态度|快递员|师傅|员工|仓库|店))?"
    r"|(?:你们?|这家?店?)的?(?:服务|客服|态度|质量){0,4}(?:真的?|太|很|实在|非常){0,4}(?:差劲?|烂|垃圾|恶劣|不行|过分|离谱)了?"
    r"|我?的?(?:订单号?|单号|手机号?码?|电话号?码?|邮箱|联系方式)[是为]?"
    r"|(?:非常|很|太)?不满意?|气死(?:我|人)?了?|太?生气了?"
    r"|(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}@[a-z0-9.-]+|(?<![a-z0-9])[a-z]{0,8}\d[\d -]*"
    r"|\babout (?:(?:one|a member) of )?(?:(?:an?|the|your) ){,3}(?:staff|agents?|employees?|couriers?)(?: members?)?\b"
    r"|\b(?:hi|hello|hey|please|now|to|and|an?|another|the|my|formal|official|serious|about|against|you|your|this|it)\b"
    r"|\b(?:i(?:'d| would| will|'ll| am|'m)?|can i|may i|how (?:do|can) i|let me|want|need|like|wish|have|going)\b"
    r"|\b(?:make|file|lodge|raise|submit|register|put in|complain(?:t|ts|ing)?)\b"
    r"|\b(?:order|number|no|phone|mobile|e?-?mail|contact|service|shop|support|company)\b"
    r"|\b(?:is|are|so|very|really|terrible|awful|horrible|ridiculous|unacceptable|bad|angry|upset|unhappy|disappointed)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"[?？]\s*$|吗|什么|怎么|怎样|如何|多久|几天|多少|哪[里儿个些]|能不能|可不可以|是不是|呢\s*$"
    r"|^\W*(?:how|what|when|where|which|who|why|can|could|do|does|is|are|will|would|may|should)\b",
    re.IGNORECASE,
)
_FIELDS: Final[tuple[tuple[Field, re.Pattern[str]], ...]] = (
    (
        "contact",
        re.compile(
            r"手机|电话|電話|座机|固话|邮箱|邮件|联系|换号|shouji|\b(?:phone|mobile|landline|e?-?mail|contact)\b",
            re.IGNORECASE,
        ),
    ),
    ("order_number", re.compile(r"订单|订但|單號|单号|danhao|dingdan|[这那一个]单|\border\b", re.IGNORECASE)),
    (
        "complaint_wish",
        re.compile(
            r"退款|退钱|换货|换新|换一[个台]|维修|修好|道歉|赔|诉求|要求|\b(?:refund|replace(?:ment)?|exchange|repair|apology|wish)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "complaint_account",
        re.compile(r"经过|描述|内容|情况|\b(?:description|what i wrote|what happened|my story)\b", re.IGNORECASE),
    ),
)
_PROPOSAL = re.compile(
    r"(?:要求?|想|希望|给我|必须|换成|改成)[^。，,!！?？]{0,8}?(退款|退钱|退货|换货|换新|换一[个台]|维修|修好|道歉|赔偿)"
    r"|\b(?:want|need|demand|expect|like|claim)\b[^.!?]{0,20}?"
    r"\b(refund|money back|replacement|exchange|repair|apology)\b",
    re.IGNORECASE,
)
_MEANT = re.compile(
    r"不是.{1,80}[是要]|不要.{1,80}[改换要]|应该是|\bnot\b.{1,80}\bbut\b|\b(?:it'?s|it was|i meant|instead)\b",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"不是|不对|(?<!没)错|改|更正|纠正|\b(?:not|wrong|other|correct(?:ion)?|mistake|instead|change|meant)\b",
    re.IGNORECASE,
)
_FAULTY = re.compile(
    r"不对|不准|有误|(?<!没)(?<!不)错|\b(?:wrong|incorrect|mistaken?|not (?:right|correct|mine))\b", re.IGNORECASE
)
_ANOTHER = re.compile(
    r"另外?一?[个单笔份]|还有一[个单笔份]|另外的|别的|其他的?|换一?[个单]|再查一[个单]|\b(?:another|other|different)\b",
    re.IGNORECASE,
)
_TELEPHONE = re.compile(
    r"(?<![a-z0-9+])(?:\+(?:[ ()-]{0,2}[0-9]){7,15}|\(?0(?:[ ()-]{0,2}[0-9]){6,14})(?![0-9])", re.IGNORECASE
)
_NUMBER = re.compile(r"号码|号|\b(?:number|digit)s?\b|[少多错]了?一?[位个]", re.IGNORECASE)


def weight(text: str) -> int:
    """How much is said: a Chinese character counts 1, a word in other letters 2."""
    return len(_CHINESE.findall(text)) + 2 * len(_LATIN.findall(text))


def account(text: str) -> str | None:
    """The lines of `text` that tell what happened; None where it says no more than that somebody is unhappy."""
    lines = [line.strip() for line in text.splitlines()]
    telling = [line for line in lines if weight(_LITTLE.sub(" ", line)) >= 2]
    told = "\n".join(telling)
    return told if weight(_LITTLE.sub(" ", told)) >= TELLS else None


def wish(text: str) -> str | None:
    """What somebody wants who says so on the way, as in "I want a refund"."""
    found = _PROPOSAL.search(text)
    return (found[1] or found[2]) if found else None


def asks(text: str) -> bool:
    """Whether the words have the form of a question."""
    return any(_QUESTION.search(line) for line in text.splitlines())


def fields(text: str) -> list[Field]:
    """What of a complaint the words are about, the surest first."""
    return [field for field, pattern in _FIELDS if pattern.search(text)]


def names_a_number(text: str) -> bool:
    """Whether some number is spoken of, as in "wrong number"."""
    return bool(_NUMBER.search(text))


def meant_otherwise(text: str) -> bool:
    """Whether the words already say what is right instead, as in "not the phone but the tablet"."""
    return bool(_MEANT.search(text))


def corrects(text: str) -> bool:
    """Whether the words, beside a new value, say that the one before was wrong."""
    return weight(text) <= BRIEF and bool(_WRONG.search(text)) and bool(fields(text))


def faults(text: str) -> bool:
    """Whether the words, without a new value, say that something taken down is wrong."""
    return weight(text) <= BRIEF and bool(_FAULTY.search(text)) and bool(fields(text))


def another(text: str) -> bool:
    """Whether another one is meant than the one before."""
    return bool(_ANOTHER.search(text))


def telephone(text: str) -> str | None:
    """A landline with its area code or a number of another country, as in "+44 7700 900123"; without what parts it."""
    found = _TELEPHONE.search(unicodedata.normalize("NFKC", text))
    return re.sub(r"[^0-9+]", "", found[0]) if found else None


def begins_otherwise(text: str) -> bool:
    """Whether the first digit is not the one that mobile numbers begin with."""
    first = next((character for character in text if character.isdigit()), "")
    return unicodedata.normalize("NFKC", first) != "1"


def digits(text: str) -> int:
    """How many digits there are in it, full-width ones too."""
    return sum(character.isdigit() for character in text)
