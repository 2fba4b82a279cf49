"""Answers as programs and people write them, in plain text: what is cut, and what must never be."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from connectors.mail.parse import parse
from connectors.mail.types import Mail

S = "还没有收到货，请查一下。"
E = "It still has not arrived.\n\nPlease check."
Q = "您好，请提供订单号。"
ANSWERS = [
    (S, "在 2024年1月1日，10:00，客服 <help@x.example> 写道：\n\n> " + Q + "\n> 谢谢"),
    (S, "\n在 2024年1月1日，上午10:00，客服 <help@x.example> 写道：\n\n" + Q),
    (S, "\n客服 <help@x.example> 於 2024年1月1日 週一 上午10:00寫道：\n\n> " + Q),
    (S, "\n客服<help@x.example>在2024年1月1日 10:00写道：\n" + Q),
    (S, '\n2024-01-01 10:00:00 "客服" <help@x.example> 写道：\n' + Q),
    (S, '\n2024年1月1日 10:00，"客服"<help@x.example>写道：\n\n' + Q),
    (
        S,
        '\n\n---原始邮件---\n发件人: "客服"<help@x.example>\n发送时间: 2024年1月1日(周一) 上午10:00\n收件人: "我"<a@b.example>;\n主题: 回复：订单\n\n'
        + Q,
    ),
    (
        S,
        "\n\n\n\n发自我的iPhone\n\n\n------------------ Original ------------------\nFrom: 客服 <help@x.example>\nDate: Mon,Jan 1,2024 10:00 AM\nTo: me <a@b.example>\nSubject: Re: 订单\n\n"
        + Q,
    ),
    (
        S,
        "\n| |\n采购部\n|\n|\n邮箱：buyer@x.example\n|\n\n签名由 网易邮箱大师 定制\n\n在2024年01月01日 10:00，客服 写道：\n"
        + Q,
    ),
    (S, "\n\n发件人： 客服\n发送时间： 2024-01-01 10:00\n收件人： 我\n主题： Re: 订单\n" + Q),
    (
        S,
        "\n\n发送自 Windows 10 版邮件应用\n\n发件人: 客服\n发送时间: 2024年1月1日 10:00\n收件人: a@b.example\n主题: 回复: 订单\n\n"
        + Q,
    ),
    (S, "\n从 Windows 版邮件发送"),
    (S, "\n發自我的 iPhone"),
    (S, "\n来自我的iPhone"),
    (S, "\n发自我的 HUAWEI Mate 60 Pro"),
    (S, "\n发自vivo电子邮件"),
    (S, "\n发自新浪邮箱客户端"),
    (S, "\n发自我的OPPO手机"),
    (S, "\n来自 魅族 16th"),
    (S, "\n发自网易邮箱大师"),
    (S, "\n从我的iPhone发送"),
    (S, "\n从网易邮箱大师发来的云附件"),
    (E, "\n\nSent from Yahoo Mail for iPhone"),
    (E, "\n\nSent from Mail for Windows 10"),
    (E, "\n\nVon meinem iPhone gesendet"),
    (E, "\n\nGesendet von Outlook für Android"),
    (E, "\n\nEnvoyé de mon iPhone"),
    (E, "\n\niPhoneから送信"),
    (E, "\n\nSent via BlackBerry"),
    (E, "\n\nSent with Proton Mail secure email."),
    (E, "\n\nGet Outlook for Android <https://aka.ms/x>"),
    (E, "\n\nSent from my Samsung Galaxy smartphone."),
    (E, "\n-- \nAnna\nExample Ltd\nTel: 555"),
    (E, "\n--\nAnna\nExample Ltd"),
    (S, "\n--\n采购部\n示例公司\n电话：021-5550"),
    (E, "\nOn Mon, Jan 1, 2024 at 10:00 AM Support <help@x.example> wrote:\n\n> Hi\n> there"),
    (E, "\nOn Mon, 1 Jan 2024 at 10:00, Support\n<help@x.example> wrote:\n> Hi\n"),
    (E, "\nOn Monday, January 1, 2024 at 10:00:00 AM GMT+8, Support <help@x.example> wrote:\n\nHi\n there"),
    (
        E,
        "\n________________________________\nVon: Support <help@x.example>\nGesendet: Montag, 1. Januar 2024 10:00\nAn: a@b.example\nBetreff: AW: Bestellung\n\nHallo",
    ),
    (E, "\n-----Ursprüngliche Nachricht-----\nVon: Support\nGesendet: Montag\nAn: a\nBetreff: x\n\nHallo"),
    (E, "\nLe lun. 1 janv. 2024 à 10:00, Support <help@x.example> a\nécrit :\n\n> Bonjour"),
    (
        E,
        "\nDe : Support <help@x.example>\nEnvoyé : lundi 1 janvier 2024 10:00\nÀ : a@b.example\nObjet : RE: x\n\nBonjour",
    ),
    (
        E,
        "\n差出人: Support <help@x.example>\n送信日時: 2024年1月1日 10:00\n宛先: a@b.example\n件名: Re: x\n\nこんにちは",
    ),
    (
        E,
        "\n*From:* Support <help@x.example>\n*Sent:* Monday, January 1, 2024 10:00 AM\n*To:* a@b.example\n*Subject:* x\n\nHi",
    ),
    (
        E,
        "\nFrom: Support <help@x.example>\nReply-To: x@y.example\nDate: Monday, 1 January 2024 at 10:00\nTo: a <a@b.example>,\n b <b@b.example>,\n c <c@b.example>\nCc: d\nSubject: x\n\nHi",
    ),
    (E, "\n> On 1 Jan 2024, at 10:00, Support <help@x.example> wrote:\n> \n> Hi"),
    (
        E,
        "\nCONFIDENTIALITY NOTICE: This e-mail and any attachments are confidential and intended solely for the addressee. If you are not the intended recipient, please delete it.",
    ),
    (
        S,
        "\n【保密声明】本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人或群组。禁止任何其他人以任何形式使用。",
    ),
    (S, "\n本邮件及其附件可能含有示例公司的保密信息，仅限于发送给上述收件人，请勿转发。"),
    (E, "\nOn 01.01.24 10:00, Support wrote:\n> Hi"),
    (E, "\nAm 01.01.24 um 10:00 schrieb Support:\n> Hallo"),
    (E, "\n\nSupport <help@x.example> schrieb am Mo., 1. Jan. 2024, 10:00:\n\n> Hallo"),
    (E, "\n\nEl lun, 1 ene 2024 a las 10:00, Support (<help@x.example>) escribió:\n\n> Hola"),
    (
        E,
        "\n--- Original Message ---\nOn Monday, January 1st, 2024 at 10:00 AM, Support <help@x.example> wrote:\n\n\n> Hi",
    ),
    (
        E,
        "\n------- Original Message -------\nOn Monday, January 1st, 2024 at 10:00 AM, Support <help@x.example> wrote:\n\nHi",
    ),
    (
        S,
        "\n------------------------------------------------------------------\n发件人：客服 <help@x.example>\n发送时间：2024年1月1日(星期一) 10:00\n收件人：我 <a@b.example>\n主　题：回复：订单\n\n"
        + Q,
    ),
    (
        S,
        "\n----- 原始邮件 -----\n发件人：客服 <help@x.example>\n收件人：我 <a@b.example>\n主题：订单\n日期：2024年01月01日 10点00分\n\n"
        + Q,
    ),
    (S, "\n-----邮件原件-----\n发件人: 客服 \n发送时间: 2024年1月1日 10:00\n收件人: 我\n主题: 订单\n\n" + Q),
    (S, '\n\n在 2024-01-01 10:00:00，"客服" <help@x.example> 写道：\n\n' + Q),
    (S, "\n在 2024/1/1 10:00, 客服 写道:\n> " + Q),
    (
        S,
        "\n获取 Outlook for Android<https://aka.ms/x>\n________________________________\n发件人: 客服 <help@x.example>\n发送时间: Monday, January 1, 2024 10:00:00 AM\n收件人: a <a@b.example>\n主题: 订单\n\n"
        + Q,
    ),
]
KEPT = [
    'On 3 March 2024 at 10:15 your colleague wrote:\n"the refund is on its way".\nBut it is not.',
    "在 3 月 3 日 10:15 你们的客服写道：\n可以退款。\n但是没有退。",
    "Please forward this to:\nTo: accounting@example.org\nSubject: invoice 5\nThanks",
    "From: 5 May\nTo: 8 May\nSubject to availability, please book two rooms.",
    "主题：退货\n日期：3月5日\n收件人：李先生\n我想退货。",
    "订单号：123\n收件人：采购部\n发件人：仓库\n请核对一下面单信息。",
    "发件人：示例仓库\n收件人：采购部\n时间：3月5日\n主题公园的门票还能退吗？",
    "Best regards,\nAnna\n\nPS: my new address is 5 Example Street, phone +49 30 5550100. Please use www.example.org for the invoice.",
    "Thanks,\nAnna Li",
    "Best regards,\nAnna Li",
    "祝好\n采购部",
    "此致\n敬礼！\n采购部 3月5日",
    "Which one is better?\n--\nA or B",
    "a\n-----\nb\n-----\nc",
    "The text on the label:\n-----Original-----\nMade in Example",
    "I use the Mail app on my iPhone",
    "My old phone was sent from Berlin by mail",
    "I bought it from my mobile",
    "请发到我的手机",
    "东西是从深圳手机店发送",
    "这个是从你们旗舰店手机专区发来的",
    "This e-mail address is confidential, do you keep it private?",
    "The information in this form is wrong:\n\nname: x",
    "本邮件是第三次催促，请尽快处理，否则我将投诉。",
    "此邮件仅供参考吗？我看不懂，请说明。",
    "Von: Berlin\nAn: Hamburg\nDatum: 3. Mai\nBitte ein Angebot.",
    "Get Outlook working again, please",
    "Sent from my heart",
    "Error message was:\n\nFrom: printer\nDate: 2024-01-01\nTo: tray 2\n\nwhat does it mean",
    "I wrote on 1 Jan 2024 10:00 to help@example.com and nobody wrote:",
    "2024-01-01 10:00 付款\n2024-01-02 11:00 仍未发货\n请解释",
    "a@b.example 是我的邮箱，2024年1月1日 10:00 我写道：\n请退款\n没人回复",
    "------------------\n上面是什么意思\n------------------",
    "签名由谁定制？",
    "Cheers\n\nwww.example.org shows a different price, see also https://example.org/x . Which Ltd is right? Call +49 30 5550100",
]


def mail(text: str, *, answer: bool) -> Mail:
    made = EmailMessage()
    made["From"], made["To"], made["Message-ID"] = "a@b.example", "help@x.example", "<2@b.example>"
    made["Subject"] = "Re: x" if answer else "x"
    if answer:
        made["In-Reply-To"] = "<1@x.example>"
    made.set_content(text + "\n")
    return parse(made.as_bytes())


@pytest.mark.parametrize(("said", "below"), ANSWERS)
def test_what_stands_below_an_answer_is_cut(said: str, below: str) -> None:
    read = mail(f"{said}\n{below}", answer=True)

    assert read.text == said
    assert read.kind == "message"


@pytest.mark.parametrize("answer", [False, True])
@pytest.mark.parametrize("said", KEPT)
def test_what_a_customer_wrote_is_not_cut(said: str, answer: bool) -> None:
    read = mail(said, answer=answer)

    assert read.text == said
    assert read.kind == "message"


def test_signs_are_quotation_only_in_an_answer() -> None:
    said = "Hello\n> is this the sign for greater than?\nyes"

    assert mail(said, answer=False).text == said
    assert mail(said, answer=True).text == "Hello\n\nyes"


def test_an_answer_of_nothing_but_quotation_is_shown_whole() -> None:
    assert mail("> 您好\n> 请提供订单号", answer=True).text == "> 您好\n> 请提供订单号"


def test_answers_between_the_lines_say_what_they_answer() -> None:
    read = mail(
        "On 1 Jan 2024 10:00, Support wrote:\n> Hello,\n>\n> Which colour?\nBlue.\n\n> Which size?\n\nL", answer=True
    )

    assert read.text == "Blue.\n\nL"
    assert [(one.quoted, one.said) for one in read.answers] == [("Which colour?", "Blue."), ("Which size?", "L")]
    assert "> Which colour?" in read.full_text


def test_a_forwarded_mail_with_many_words_of_its_own_is_these_words() -> None:
    own = "I want to know whether what your colleague promised me there still holds, because I have waited for it. " * 3
    passed = "-------- Forwarded Message --------\nFrom: a <a@x.example>\nSubject: x\n\nYou get it free."

    assert mail(f"{own}\n\n{passed}", answer=False).text == own.strip()
    assert "You get it free." in mail(f"See below\n\n{passed}", answer=False).text
    assert mail(f"See below\n\n{passed}", answer=False).forwarded
