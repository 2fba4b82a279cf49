"""The main job in its windows: a customer asks, an agent takes over and gives back, an editor changes the answer."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.kill.stack import Stack, running_stack

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(("--no-sandbox",) if os.getuid() == 0 else ()),  # Chromium's own sandbox does not run as root
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on this machine; install it (Debian: apt-get install chromium)"
    ),
]


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


async def window(browser: Browser, errors: list[str], locale: str) -> Page:
    page = await (await browser.new_context(locale=locale, viewport={"width": 1280, "height": 860})).new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    # "Who am I?" is answered with 401 before the log-in, and Chromium says so.
    page.on(
        "console", lambda said: errors.append(said.text) if said.type == "error" and "401" not in said.text else None
    )
    page.set_default_timeout(20_000)
    return page


async def log_in(page: Page, stack: Stack, email: str) -> None:
    await page.goto(f"{stack.url}/console")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(stack.password)
    await page.get_by_role("button", name="Log in").click()


async def shot(page: Page, name: str) -> None:
    folder = os.environ.get("PARLEY_SCREENSHOTS", tempfile.gettempdir())
    await page.screenshot(path=f"{folder}/parley-{name}.png")


async def ask(customer: Page, text: str) -> None:
    await customer.get_by_placeholder("输入您的问题").fill(text)
    await customer.get_by_role("button", name="发送", exact=True).click()


async def test_the_main_job() -> None:
    errors: list[str] = []
    async with running_stack() as stack, chromium() as browser:
        customer = await window(browser, errors, "zh-CN")
        await customer.goto(stack.url)
        await customer.get_by_role("button", name="打开在线客服").click()
        await ask(customer, "签收以后多少天之内可以退货？")
        await expect(customer.get_by_text("签收后 30 天内都可以退货").first).to_be_visible()
        await expect(customer.get_by_text("退货期限和条件").first).to_be_visible()
        await ask(customer, "转人工")
        await expect(customer.get_by_text("正在等待人工客服").first).to_be_visible()
        await shot(customer, "customer-waits")

        agent = await window(browser, errors, "en-GB")
        await log_in(agent, stack, "agent@example.com")
        await agent.get_by_text("正在为您转接人工客服").first.click()
        await expect(agent.get_by_text("签收以后多少天之内可以退货？").first).to_be_visible()
        await expect(agent.get_by_text("退货期限和条件").first).to_be_visible()
        await agent.get_by_role("button", name="Take", exact=True).first.click()
        await agent.get_by_placeholder("Write to the customer").fill("您好，我是客服，请问订单号是多少？")
        await agent.get_by_placeholder("Write to the customer").press("Enter")
        await expect(customer.get_by_text("您好，我是客服，请问订单号是多少？").first).to_be_visible()
        async with agent.expect_file_chooser() as chooser:
            await agent.get_by_role("button", name="Attach files").click()
        await (await chooser.value).set_files({"name": "说明.txt", "mimeType": "text/plain", "buffer": b"step one"})
        await agent.get_by_role("button", name="Send", exact=True).click()
        async with customer.expect_download() as download:
            await customer.get_by_role("button", name="说明.txt").click()
        assert (await (await download.value).path()).read_bytes() == b"step one"
        await ask(customer, "订单号是 A1024")
        await expect(agent.get_by_text("订单号是 A1024").first).to_be_visible()
        await shot(agent, "agent")
        await shot(customer, "customer-human")
        await agent.get_by_role("button", name="Back to the assistant").click()
        await expect(customer.get_by_text("智能助手继续为您服务").first).to_be_visible()

        editor = await window(browser, errors, "en-GB")
        await log_in(editor, stack, "editor@example.com")
        await editor.get_by_label("Search articles").fill("Return period")
        await editor.get_by_text("Return period and conditions").first.click()
        answer = editor.get_by_role("textbox", name="Answer", exact=True).first
        await answer.fill("签收后 45 天内都可以退货。")
        await shot(editor, "editor")
        async with editor.expect_response(lambda response: response.url.endswith("/publish") and response.ok):
            await editor.get_by_role("button", name="Publish", exact=True).first.click()
        await ask(customer, "退货期限是多久")
        await expect(customer.get_by_text("签收后 45 天内都可以退货。").first).to_be_visible()
        await shot(customer, "customer-after")
    assert errors == []
