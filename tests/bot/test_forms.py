"""The forms in Rasa itself, turn by turn as the hub takes them: complaints, orders, warranties, in both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.client import RasaClient
from bot.guesses import ALLOWED
from bot.lookups import Lookups
from hub.types import Complaint, Dialogue, Handoff, Language, Miss, Search
from tests.bot import desk, served
from tests.bot.desk import Chat

pytestmark = [pytest.mark.xdist_group("rasa"), pytest.mark.slow]

Begin = Callable[[Language], Chat]
COMPLAINT = {
    "order_number": "PL20418801",
    "complaint_account": "快递把箱子摔坏了，里面的平板屏幕也裂了",
    "complaint_wish": "退款",
    "contact": "13800138000",
}


@pytest.fixture
def begin(client: RasaClient) -> Begin:
    return lambda language: Chat(client, language)


async def told(begin: Begin, language: Language = "zh") -> Chat:
    """A complaint of which everything is told and nothing confirmed."""
    chat = begin(language)
    chat.dialogue = Dialogue("complaint_form", "contact", {**COMPLAINT, "contact": None})
    await chat.say(COMPLAINT["contact"])
    assert chat.dialogue.requested == "complaint_confirmed"
    return chat


# A complaint -----------------------------------------------------------------------------------------------------


async def test_a_complaint_in_chinese(begin: Begin) -> None:
    chat = begin("zh")
    said = await chat.say("我要投诉")
    assert said.startswith("非常抱歉")
    assert chat.dialogue == Dialogue("complaint_form", "order_number")
    assert chat.buttons == ["/no_number", "/stop"]
    assert "发生了什么" in await chat.say("ＰＬ２０４１ ８８０１")
    assert "怎样解决" in await chat.say(COMPLAINT["complaint_account"])
    assert "怎么联系您" in await chat.say("第一个")
    summary = await chat.say("138 0013 8000")
    assert all(value in summary for value in COMPLAINT.values())
    filed = await chat.say("提交")
    assert "编号 {reference}" in filed
    assert chat.reply.effects[-1] == Complaint(COMPLAINT)
    assert chat.dialogue.form is None


async def test_a_complaint_in_english_without_an_order(begin: Begin) -> None:
    chat = begin("en")
    assert (await chat.say("I want to make a complaint")).startswith("I am very sorry")
    await chat.say("No order number")
    assert chat.dialogue.requested == "complaint_account"
    await chat.say("The box arrived crushed\nand nobody answers my mails")
    await chat.say("an apology from the courier would do")
    summary = await chat.say("Buyer.One@Example.com")
    assert "Order number: none" in summary
    assert "Contact: buyer.one@example.com" in summary
    assert "{reference}" in await chat.say("yes, submit it")
    assert chat.reply.effects[-1] == Complaint(
        {
            "order_number": "none",
            "complaint_account": "The box arrived crushed\nand nobody answers my mails",
            "complaint_wish": "an apology from the courier would do",
            "contact": "buyer.one@example.com",
        }
    )


@pytest.mark.parametrize(
    ("language", "text", "asked"),
    [
        ("zh", "我要投诉，快递把我的箱子摔坏了，客服三天不理", "order_number"),
        ("zh", "我要投诉你们，订单PL20418801到现在都没发货，电话13900000101", "complaint_wish"),
        ("zh", "我要投诉\n耳机用了两天就坏了\nPL20418802\n我要退款", "contact"),
        ("en", "I want to complain about order PL20418801", "complaint_account"),
        (
            "en",
            "I want to file a complaint, my order PL20418801 never arrived and support ignores me",
            "complaint_wish",
        ),
    ],
)
async def test_nobody_says_anything_twice(begin: Begin, language: Language, text: str, asked: str) -> None:
    chat = begin(language)
    await chat.say(text)
    assert (chat.dialogue.form, chat.dialogue.requested) == ("complaint_form", asked)


async def test_all_that_is_told_at_once_is_taken(begin: Begin) -> None:
    chat = begin("zh")
    await chat.say("我要投诉")
    await chat.say("PL20418801\n13900000101\n快递员把我的箱子摔坏了")
    assert chat.dialogue.requested == "complaint_wish"
    assert chat.slot("complaint_account") == "快递员把我的箱子摔坏了"


async def test_what_was_said_before_is_known(begin: Begin) -> None:
    chat = begin("zh")
    await chat.say("你好，我的手机号是13800138000，订单PL20418801，能退货吗")
    await chat.say("我要投诉")
    assert chat.dialogue.requested == "complaint_account"


@pytest.mark.parametrize(
    ("asked", "text", "said"),
    [
        ("order_number", "PL2041880", "您发的是 7 位"),
        ("order_number", "asdf", "我没有看到订单号"),
        ("contact", "1380013800", "您发的是 10 位"),
        ("contact", "abc@example", "邮箱地址不完整"),
        ("contact", "xyz", "我没有看到手机号或邮箱"),
        ("complaint_account", "就那样", "说得具体一点"),
    ],
)
async def test_each_fault_has_its_sentence_and_no_question_has_no_end(
    begin: Begin, asked: str, text: str, said: str
) -> None:
    chat = begin("zh")
    given = {slot: value for slot, value in COMPLAINT.items() if slot != asked}
    chat.dialogue = Dialogue("complaint_form", asked, given)
    for _ in range(2):
        assert said in await chat.say(text)
        assert chat.dialogue.requested == asked
    await chat.say(text)
    assert chat.dialogue.requested == "complaint_confirmed"
    assert chat.slot(asked) == (text if asked == "complaint_account" else "none")


@pytest.mark.parametrize(
    ("asked", "text"), [("complaint_account", "我20251103买的耳机，只能听一边"), ("contact", "我的座机是87654321")]
)
async def test_dates_and_telephones_leave_a_good_order_number_alone(begin: Begin, asked: str, text: str) -> None:
    chat = begin("zh")
    chat.dialogue = Dialogue("complaint_form", asked, {"order_number": "PL20418801"})
    await chat.say(text)
    assert chat.slot("order_number") == "PL20418801"


async def test_bare_digits_are_an_order_number_where_one_is_asked_for(begin: Begin) -> None:
    chat = begin("en")
    await chat.say("where is my order")
    await chat.say("sure, it's 20418801")
    assert chat.dialogue == Dialogue("order_status_form", "contact", {"order_number": "PL20418801"})


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [
        ("en", "+44 7700 900123", "+447700900123"),
        ("en", "my landline is 020 7946 0958", "02079460958"),
        ("zh", "0571-87654321", "057187654321"),
    ],
)
async def test_any_telephone_will_do_for_a_complaint(begin: Begin, language: Language, text: str, number: str) -> None:
    chat = begin(language)
    chat.dialogue = Dialogue("complaint_form", "contact", {**COMPLAINT, "contact": None})
    assert number in await chat.say(text)
    assert chat.dialogue == Dialogue("complaint_form", "complaint_confirmed", {**COMPLAINT, "contact": number})


async def test_a_telephone_abroad_instead(begin: Begin) -> None:
    chat = await told(begin, "en")
    assert "+447700900123" in await chat.say("the phone number is wrong, it is +44 7700 900123")
    assert chat.slot("order_number") == COMPLAINT["order_number"]


async def test_a_landline_without_its_area_code(begin: Begin) -> None:
    chat = begin("zh")
    chat.dialogue = Dialogue("complaint_form", "contact", {**COMPLAINT, "contact": None})
    assert "座机请带上区号" in await chat.say("87654321")


async def test_a_lookup_takes_only_what_an_order_is_placed_with(begin: Begin) -> None:
    chat = begin("en")
    chat.dialogue = Dialogue("order_status_form", "contact", {"order_number": "PL20418801"})
    assert "yours has 12" in await chat.say("+44 7700 900123")
    assert chat.slot("contact") is None


async def test_more_of_the_story_is_noted_wherever_it_is_told(begin: Begin) -> None:
    chat = begin("zh")
    chat.dialogue = Dialogue("complaint_form", "contact", {**COMPLAINT, "contact": None})
    said = await chat.say("还有，昨天快递员在电话里骂我，说爱投诉就投诉去，态度特别恶劣")
    assert "已记下" in said
    assert chat.dialogue.requested == "contact"
    assert str(chat.slot("complaint_account")).startswith(COMPLAINT["complaint_account"] + "\n还有")


@pytest.mark.parametrize(
    ("language", "text", "slot", "value"),
    [
        ("zh", "订单号写错了", "order_number", None),
        ("zh", "不是这个订单，是 PL12345678", "order_number", "PL12345678"),
        ("en", "no, the other order", "order_number", None),
        ("en", "wrong order number, it is PL12345678", "order_number", "PL12345678"),
        ("zh", "改一下手机号", "contact", None),
        ("zh", "手机号写错了，是13912345678", "contact", "13912345678"),
        ("en", "the phone number is wrong", "contact", None),
        ("en", "use my other email, it is me@example.com", "contact", "me@example.com"),
        ("zh", "不是退款，我想要换货", "complaint_wish", "不是退款，我想要换货"),
        ("en", "the description is wrong", "complaint_account", None),
        ("zh", "可以，不过订单号不对", "order_number", None),
        ("en", "fine, but the order number is not right", "order_number", None),
        ("zh", "嗯，诉求不对", "complaint_wish", None),
    ],
)
async def test_a_correction_before_it_is_submitted(
    begin: Begin, language: Language, text: str, slot: str, value: str | None
) -> None:
    chat = await told(begin, language)
    await chat.say(text)
    assert chat.slot(slot) == value
    assert chat.dialogue.requested == (slot if value is None else "complaint_confirmed")


@pytest.mark.parametrize(("language", "text"), [("zh", "不是这个订单，是PL12345678"), ("en", "no, order PL12345678")])
async def test_a_correction_in_the_middle(begin: Begin, language: Language, text: str) -> None:
    chat = begin(language)
    await chat.say("我要投诉" if language == "zh" else "I want to complain")
    await chat.say("PL20418801")
    await chat.say(text)
    assert chat.dialogue == Dialogue("complaint_form", "complaint_account", {"order_number": "PL12345678"})


async def test_changing_by_buttons(begin: Begin) -> None:
    chat = await told(begin)
    assert chat.buttons == ["/affirm", "/correct", "/stop"]
    assert await chat.say("修改") == "要改哪一项？"
    await chat.say("联系方式")
    assert (chat.dialogue.requested, chat.slot("contact")) == ("contact", None)
    assert "13912345678" in await chat.say("13912345678")
    await chat.say("2")
    await chat.say("3")
    assert "换货" in await chat.say("换货")
    assert "{reference}" in await chat.say("1")


async def test_a_no_to_the_summary(begin: Begin) -> None:
    chat = await told(begin, "en")
    assert "What would you like to change?" in await chat.say("no")
    assert "{reference}" in await chat.say("Nothing, submit it")


@pytest.mark.parametrize(
    ("asked", "language", "text", "back"),
    [
        ("order_number", "zh", "运费险是什么", "我们接着登记投诉。\n请问是哪个订单"),
        ("order_number", "en", "how long does a refund take?", "Back to your complaint.\nWhich order"),
        ("complaint_account", "zh", "退款要多久？", "我们接着登记投诉。\n请告诉我发生了什么"),
        ("complaint_account", "en", "how long does a refund take?", "Back to your complaint.\nPlease tell me"),
        ("complaint_wish", "zh", "运费险是什么", "我们接着登记投诉。\n您希望怎样解决"),
        ("contact", "en", "how long does a refund take?", "Back to your complaint.\nHow can we reach you"),
        ("complaint_confirmed", "zh", "运费险是什么", "我们接着登记投诉。\n请核对您的投诉"),
    ],
)
async def test_a_question_in_the_middle_and_back(
    begin: Begin, asked: str, language: Language, text: str, back: str
) -> None:
    chat = begin(language)
    before = Dialogue("complaint_form", asked, {slot: value for slot, value in COMPLAINT.items() if slot != asked})
    chat.dialogue = before
    assert (await chat.say(text)).startswith(back)
    assert chat.reply.effects[0] == Search()  # the answer stands before what is asked again
    assert chat.dialogue == before


async def test_a_question_that_has_to_wait(begin: Begin) -> None:
    chat = begin("zh")
    before = Dialogue("complaint_form", "order_number", {"complaint_account": "快递把箱子摔坏了"})
    chat.dialogue = before
    assert (await chat.say("充电线可以单独配一根吗？")).startswith("这个问题我没有可靠的答案")
    assert Search() not in chat.reply.effects  # a miss might hand over, and nothing is asked after that
    assert chat.dialogue == before


async def test_wishes_and_questions_are_told_apart(begin: Begin) -> None:
    chat = begin("zh")
    before = Dialogue("complaint_form", "complaint_wish", {"order_number": "none", "complaint_account": "箱子摔坏了"})
    chat.dialogue = before
    assert (await chat.say("怎么开发票？")).startswith("这个问题我没有可靠的答案")
    assert chat.dialogue == before
    await chat.say("能不能帮我换一个新的？")
    assert chat.slot("complaint_wish") == "能不能帮我换一个新的？"


async def test_a_question_without_an_answer_is_what_happened(begin: Begin) -> None:
    chat = begin("zh")
    chat.dialogue = Dialogue("complaint_form", "complaint_account", {"order_number": "PL20418801"})
    await chat.say("凭什么我等了二十天还收不到货？")
    assert chat.slot("complaint_account") == "凭什么我等了二十天还收不到货？"


@pytest.mark.parametrize(
    ("text", "said"), [("谢谢", "不客气"), ("你是机器人吗", "我是机器人"), ("傻逼", "听得出您很不满"), ("你好", "您好")]
)
@pytest.mark.parametrize("asked", ["order_number", "complaint_account", "contact"])
async def test_a_word_in_passing(begin: Begin, asked: str, text: str, said: str) -> None:
    chat = begin("zh")
    before = Dialogue("complaint_form", asked, {slot: value for slot, value in COMPLAINT.items() if slot != asked})
    chat.dialogue = before
    answer = await chat.say(text)
    assert answer.startswith(said)
    assert "我们接着登记投诉" in answer
    assert chat.dialogue == before


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "算了，不投诉了"), ("en", "cancel"), ("en", "never mind"), ("zh", "退出")]
)
@pytest.mark.parametrize("asked", ["order_number", "complaint_account", "complaint_wish", "complaint_confirmed"])
async def test_a_way_out(begin: Begin, language: Language, text: str, asked: str) -> None:
    chat = begin(language)
    given = {"order_number": "none", **{slot: value for slot, value in COMPLAINT.items() if slot != asked}}
    chat.dialogue = Dialogue("complaint_form", asked, given)
    said = await chat.say(text)
    assert said.startswith(("好的，投诉不提交了", "All right, I have dropped the complaint"))
    assert chat.dialogue.form is None
    assert not [slot for slot in chat.dialogue.slots if slot.startswith("complaint_")]
    assert chat.slot("order_number") != "none"


@pytest.mark.parametrize(
    ("language", "text", "handoff"),
    [
        ("zh", "转人工", Handoff("asked")),
        ("en", "I want to talk to a human", Handoff("asked")),
        ("zh", "它在冒烟", Handoff("safety", priority=2)),
        ("en", "I want to kill myself", Handoff("safety", priority=2)),
    ],
)
@pytest.mark.parametrize("asked", ["order_number", "complaint_account"])
async def test_a_human_in_the_middle(begin: Begin, language: Language, text: str, handoff: Handoff, asked: str) -> None:
    chat = begin(language)
    given = {"contact": "13800138000", "complaint_wish": "退款"}
    chat.dialogue = Dialogue("complaint_form", asked, given)
    await chat.say(text)
    assert chat.reply.effects[-1] == handoff
    assert given.items() <= chat.dialogue.slots.items()  # what the agent is given
    assert chat.slot("complaint_account") is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "you sent me the wrong thing, that's not what I ordered"),
        ("zh", "你们给的答复根本不是我问的问题，问了五遍都这样，客服一直复制粘贴"),
    ],
)
async def test_a_story_is_taken_for_what_happened(begin: Begin, language: Language, text: str) -> None:
    chat = begin(language)
    chat.dialogue = Dialogue("complaint_form", "complaint_account", {"order_number": "PL20418801"})
    await chat.say(text)
    assert chat.slot("complaint_account") == text
    assert chat.dialogue.requested == "complaint_wish"


@pytest.mark.parametrize(("language", "text"), [("zh", "不是我要的答案"), ("en", "that's not what I asked")])
async def test_a_poor_answer_is_no_wish(begin: Begin, language: Language, text: str) -> None:
    chat = begin(language)
    before = Dialogue("complaint_form", "complaint_wish", {"order_number": "none", "complaint_account": "箱子摔坏了"})
    chat.dialogue = before
    await chat.say(text)
    assert chat.reply.effects == (Miss(),)
    assert chat.dialogue == before


@pytest.mark.parametrize(("language", "text"), [("zh", "再见"), ("en", "bye")])
async def test_a_goodbye_alone_is_one(begin: Begin, language: Language, text: str) -> None:
    chat = begin(language)
    chat.dialogue = Dialogue("complaint_form", "complaint_account", {"order_number": "PL20418801"})
    said = await chat.say(text)
    assert "再见" in said or "oodbye" in said
    assert chat.slot("complaint_account") is None


@pytest.mark.parametrize("asked", ["complaint_account", "complaint_wish"])
async def test_a_story_that_asks_for_a_human_goes_with_them(begin: Begin, asked: str) -> None:
    text = "我要求你们的客服给我打电话，找了三次人工都没人"
    chat = begin("zh")
    before = {"order_number": "PL20418801"}
    if asked == "complaint_wish":
        before["complaint_account"] = "屏幕碎了"
    chat.dialogue = Dialogue("complaint_form", asked, before)
    await chat.say(text)
    assert chat.reply.effects == (Handoff("asked"),)
    assert str(chat.slot("complaint_account")).endswith(text)
    assert str(chat.slot("complaint_account")).startswith(before.get("complaint_account", ""))
    assert await chat.again() == chat.reply


async def test_a_turn_taken_twice_fills_one_slot(begin: Begin) -> None:
    chat = begin("zh")
    for text in ("我要投诉", "PL20418801", "快递把箱子摔坏了，平板也裂了", "退款", "13800138000", "提交"):
        await chat.say(text)
        assert await chat.again() == chat.reply


# Where is my order -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "contact", "zh", "en"),
    [
        ("PL20418801", "13900000101", "待发货", 'still "Processing"'),
        ("PL20418802", "13900000102", "顺丰，运单号 SF1400000001802，预计", "with SF Express, tracking number SF14000"),
        ("PL20418803", "buyer03@example.com", "还没有给出送达日期", "has not named a day"),
        ("PL20418804", "buyer04@example.com", "签收", "was delivered on"),
        ("PL20418807", "13900000107", "¥299 已于", "¥299 was refunded"),
        ("PL20418808", "buyer08@example.com", "取消", "was cancelled"),
        ("PL20418809", "13900000109", "退货已完成，¥499", "is complete, and ¥499"),
        ("PL20418810", "13900000110", "退款 ¥3,299 正在处理", "refund of ¥3,299 is being processed"),
    ],
)
async def test_where_an_order_is(begin: Begin, number: str, contact: str, zh: str, en: str) -> None:
    chat = begin("zh")
    assert "订单号" in await chat.say("我的订单到哪了")
    assert "手机号或邮箱" in await chat.say(number)
    said = await chat.say(contact)
    assert zh in said
    assert "{" not in said
    english = begin("en")
    said = await english.say(f"where is my order {number}, {contact}")
    assert en in said
    assert "{" not in said
    assert english.dialogue == Dialogue(slots={"order_number": number, "contact": contact})


async def test_one_question_after_the_other(begin: Begin) -> None:
    chat = begin("en")
    await chat.say("where is my order PL20418804, 13900000104")
    assert "under warranty until" in await chat.say("is it still under warranty?")
    assert "was delivered" in await chat.say("where is my order")
    await chat.say("check another order")
    assert (chat.dialogue.form, chat.dialogue.requested) == ("order_status_form", "order_number")
    assert "I find no order PL20418802" in await chat.say("PL20418802")  # another telephone is on that one
    assert "SF Express" in await chat.say("13900000102")


@pytest.mark.parametrize(
    ("language", "first", "text", "found"),
    [
        ("zh", "我的订单到哪了 PL20418801 13900000101", "PL20418801呢", "待发货"),
        ("en", "where is my order PL20418801, 13900000101", "and PL20418801?", 'still "Processing"'),
        ("zh", "我的订单到哪了 PL20418801 13900000101", "那PL20418802呢", "没有找到"),
    ],
)
async def test_a_bare_number_after_a_lookup(
    begin: Begin, language: Language, first: str, text: str, found: str
) -> None:
    chat = begin(language)
    await chat.say(first)
    assert found in await chat.say(text)  # with the contact that is known


async def test_a_bare_number_at_the_beginning(begin: Begin) -> None:
    chat = begin("en")
    await chat.say("and PL20418801?")
    assert chat.dialogue == Dialogue("order_status_form", "contact", {"order_number": "PL20418801"})


async def test_warranties(begin: Begin) -> None:
    chat = begin("zh")
    await chat.say("我的耳机还在保修期吗")
    assert (chat.dialogue.form, chat.dialogue.requested) == ("warranty_form", "order_number")
    await chat.say("PL20418805")
    assert "过保" in await chat.say("13900000105")
    said = await begin("en").say("is PL20418806 still under warranty? 13900000106")
    assert "(extension included)" in said
    assert "begins on the day" in await begin("en").say("is PL20418801 still under warranty? 13900000101")
    assert "nothing in it" in await begin("en").say("is PL20418807 still under warranty? 13900000107")


async def test_unknown_and_foreign_orders_sound_alike(begin: Begin) -> None:
    said = []
    for text in ("我的订单到哪了 PL20418801，13900000102", "我的订单到哪了 PL99999999，13900000102"):
        chat = begin("zh")
        said.append((await chat.say(text)).replace("PL20418801", "PL99999999"))
        assert (chat.dialogue.form, chat.dialogue.requested) == ("order_status_form", "contact")
    assert said[0] == said[1]
    assert said[0].startswith("没有找到")


async def test_only_the_number_was_wrong(begin: Begin) -> None:
    chat = begin("en")
    await chat.say("where is my order PL99999999, 13900000102")
    assert "SF Express" in await chat.say("sorry, PL20418802")
    assert chat.dialogue == Dialogue(slots={"order_number": "PL20418802", "contact": "13900000102"})


async def test_after_three_failures_a_person_is_offered(begin: Begin) -> None:
    chat = begin("zh")
    await chat.say("我的订单到哪了 PL20418802，13800000001")
    await chat.say("13800000002")
    assert chat.dialogue.form == "order_status_form"
    assert "还是没有找到" in await chat.say("13800000003")
    assert chat.buttons == ["human"]
    assert chat.dialogue.form is None


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        ("PL20418811", "反应很慢", "very slow"),
        ("PL20418812", "出了故障", "out of order"),
        ("PL20418813", "出了故障", "out of order"),
    ],
)
async def test_a_shop_in_trouble(begin: Begin, number: str, zh: str, en: str) -> None:
    contact = f"139000001{number[-2:]}"
    for language, text, words in (("zh", "我的订单到哪了", zh), ("en", "where is my order", en)):
        chat = begin("zh" if language == "zh" else "en")
        assert words in await chat.say(f"{text} {number} {contact}")
        assert chat.buttons == ["human"]
        assert chat.slot("contact") == contact  # nothing has to be said again later


async def test_a_shop_that_does_not_know_us(
    url: str, actions_port: int, begin: Begin, client: RasaClient, lookups: Lookups
) -> None:
    lookups._headers["Authorization"] = "Bearer of yesterday"
    await lookups.stop()
    await lookups.start()
    chat = begin("zh")
    assert "连不上订单系统" in await chat.say("我的订单到哪了 PL20418801 13900000101")
    assert chat.buttons == ["human"]


async def test_too_many_guesses(begin: Begin) -> None:
    for guess in range(ALLOWED):
        await begin("zh").say(f"我的订单到哪了 PL20418801 1380000000{guess}")
    chat = begin("zh")
    assert "次数太多" in await chat.say("我的订单到哪了 PL20418801 13900000101")
    assert chat.buttons == ["human"]


@pytest.mark.parametrize(("language", "text"), [("zh", "我没有订单号"), ("en", "No order number")])
async def test_without_a_number_a_person_is_offered(begin: Begin, language: Language, text: str) -> None:
    chat = begin(language)
    await chat.say("我的订单到哪了" if language == "zh" else "where is my order")
    said = await chat.say(text)
    assert said.startswith(("没有订单号", "Without the order number"))
    assert chat.buttons == ["human"]
    assert chat.dialogue.form is None


async def test_bad_numbers_come_to_an_end(begin: Begin) -> None:
    chat = begin("en")
    await chat.say("where is my order")
    assert "yours has 7" in await chat.say("PL2041880")
    assert "I see no order number" in await chat.say("uh oh")
    assert (await chat.say("blah")).startswith("Without the order number")
    assert chat.dialogue.form is None


async def test_asides_and_ways_out_of_a_lookup(begin: Begin) -> None:
    chat = begin("en")
    await chat.say("where is my order")
    assert "Back to your order." in await chat.say("how long does a refund take?")
    assert chat.reply.effects[0] == Search()
    await chat.say("I want to complain")
    assert chat.dialogue.form == "complaint_form"
    chat = begin("zh")
    await chat.say("我的订单到哪了")
    await chat.say("转人工")
    assert chat.reply.effects == (Handoff("asked"),)
    chat = begin("zh")
    await chat.say("我的手机还在保修期吗")
    assert (await chat.say("算了不查了")).startswith("好的，不查了")
    assert chat.dialogue.form is None


@pytest.mark.parametrize("form", ["order_status_form", "warranty_form"])
@pytest.mark.parametrize("asked", ["order_number", "contact"])
@pytest.mark.parametrize(
    ("language", "text", "sorry"), [("zh", "我要投诉", "非常抱歉"), ("en", "I want to complain", "I am very sorry")]
)
async def test_from_a_lookup_into_a_complaint(
    begin: Begin, form: str, asked: str, language: Language, text: str, sorry: str
) -> None:
    chat = begin(language)
    given = {"order_number": "PL20418801"} if asked == "contact" else {}
    chat.dialogue = Dialogue(form, asked, given)
    assert (await chat.say(text)).startswith(sorry)
    assert chat.dialogue == Dialogue("complaint_form", "complaint_account" if given else "order_number", given)


async def test_from_one_lookup_into_the_other(begin: Begin) -> None:
    chat = begin("en")
    chat.dialogue = Dialogue("order_status_form", "contact", {"order_number": "PL20418806"})
    await chat.say("is it still under warranty?")
    assert chat.dialogue == Dialogue("warranty_form", "contact", {"order_number": "PL20418806"})
    assert "(extension included)" in await chat.say("13900000106")


async def test_a_lookup_taken_twice_counts_once(begin: Begin) -> None:
    chat = begin("zh")
    await chat.say("我的订单到哪了 PL20418802，13800000001")
    assert await chat.again() == chat.reply
    assert chat.slot("lookup_failures") == 1


async def test_outside_forms_no_action_is_called(url: str) -> None:
    """The actions are away here, and nobody misses them."""
    alone = RasaClient(url, served.TOKEN)
    await alone.start()
    chat = desk.Chat(alone, "zh")
    assert (await chat.say("你好")).startswith("您好")
    await chat.say("PL20418801 怎么开发票？")
    assert chat.reply.effects == (Search(),)
    assert chat.slot("order_number") == "PL20418801"
    await alone.stop()
