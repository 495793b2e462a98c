"""The login: who gets in, for how long, and how slow guessing is."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.responses import JSONResponse
from starlette.testclient import TestClient, WebSocketDenialResponse

from scoqa.ui.auth import login, passwords
from scoqa.ui.auth.attempts import FREE_ATTEMPTS, MOST_ENTRIES, Attempts
from scoqa.ui.auth.guard import Guard
from scoqa.ui.auth.login import Login, check_target
from scoqa.ui.auth.sessions import SESSION_SECONDS, Sessions

PASSWORD = "four words and a tower"
SOCKET = "ws://localhost:7860/any"
HTML = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def inside(scope: Any, receive: Any, send: Any) -> None:
    """What is behind the login: it says which path it was asked for."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})
    else:
        await JSONResponse({"inside": scope["path"]})(scope, receive, send)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Salted passwords without a quarter of a second each."""
    monkeypatch.setattr(
        passwords, "_scrypt", lambda word, salt: hashlib.sha256(salt + word.encode()).digest()
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


Visit = Callable[..., TestClient]


@pytest.fixture
def visit(quick: None, clock: Clock) -> Visit:
    """Return a function that gives a browser without cookies, at an address."""
    logins = {"ada": passwords.salt_password(PASSWORD), "bob": passwords.salt_password(PASSWORD)}
    app = Guard(Login(inside, logins, clock=clock))

    def browser(address: str = "192.0.2.1", *, url: str = "http://localhost:7860") -> TestClient:
        return TestClient(app, base_url=url, client=(address, 1), follow_redirects=False)

    return browser


def log_in(browser: TestClient, password: str = PASSWORD, name: str = "ada", **fields: str) -> Any:
    return browser.post(
        "/login", data={"username": name, "password": password, **fields}, headers=HTML
    )


# -- in and out ---------------------------------------------------------------------------------


def test_without_a_session_a_page_leads_to_the_login_and_back_again(visit: Visit) -> None:
    browser = visit()
    wished = "/?document=d%C3%A9j%C3%A0&start=3&end=9"
    sent = browser.get(wished, headers=HTML)
    assert sent.status_code == 303
    target = urlsplit(sent.headers["location"])
    assert (target.scheme, target.netloc, target.path) == ("", "", "/login")
    assert parse_qs(target.query) == {"next": [wished]}
    page = browser.get(sent.headers["location"])
    assert f'name="next" value="{wished.replace("&", "&amp;")}"' in page.text
    done = log_in(browser, next=wished)
    assert (done.status_code, done.headers["location"]) == (303, wished)
    assert browser.get(wished).json() == {"inside": "/"}


def test_whoever_is_logged_in_does_not_see_the_login_page(visit: Visit) -> None:
    browser = visit()
    log_in(browser)
    sent = browser.get("/login?next=/%3Fstart%3D1")
    assert (sent.status_code, sent.headers["location"]) == (303, "/?start=1")


def test_a_link_on_another_site_finds_whoever_is_logged_in(visit: Visit) -> None:
    # A strict cookie does not come with it; it comes with what the answer has the browser ask.
    browser = visit()
    strange = {**HTML, "sec-fetch-site": "cross-site"}
    sent = browser.get("/?document=a&start=1", headers=strange)
    page = browser.get(sent.headers["location"], headers=strange)
    target = re.search(r'http-equiv="refresh" content="0;url=(.+?)"', page.text)
    assert target is not None
    log_in(browser)
    own = {**HTML, "sec-fetch-site": "same-origin"}
    assert browser.get(target[1], headers=own).headers["location"] == "/?document=a&start=1"
    assert "<form" in visit().get(target[1], headers=own).text


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(visit: Visit) -> None:
    cookie = log_in(visit()).headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    token, *attributes = [each.strip().lower() for each in rest.split(";")]
    assert name == "scoqa-session-7860", "another chat on this machine has another one"
    assert len(token) >= 43  # 32 bytes
    assert set(attributes) == {"httponly", "samesite=strict", "path=/", "max-age=43200"}


def test_over_tls_the_cookie_never_travels_without_it(visit: Visit) -> None:
    assert "; Secure" in log_in(visit(url="https://localhost:7860")).headers["set-cookie"]


def test_a_header_that_anybody_can_send_does_not_stand_for_tls(visit: Visit) -> None:
    browser = visit()
    browser.headers["x-forwarded-proto"] = "https"
    assert "; Secure" not in log_in(browser).headers["set-cookie"]


@pytest.mark.parametrize("path", ["/nothing", "/assets/index.js", "/gradio_api/info", "/config"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_a_program_without_a_session_is_told_401(visit: Visit, method: str, path: str) -> None:
    assert visit().request(method, path).status_code == 401


def test_the_api_is_never_a_page(visit: Visit) -> None:
    assert visit().get("/gradio_api/info", headers=HTML).status_code == 401


def test_a_websocket_needs_a_session(visit: Visit) -> None:
    with pytest.raises(WebSocketDenialResponse) as denied, visit().websocket_connect(SOCKET):
        pass
    assert denied.value.status_code == 401
    browser = visit()
    log_in(browser)
    with browser.websocket_connect(SOCKET):
        pass


def test_the_icon_is_all_that_is_shown_to_everybody(visit: Visit) -> None:
    assert visit().get("/favicon.ico").json() == {"inside": "/favicon.ico"}
    assert visit().get("/favicon.ico/../config").status_code == 401


def test_a_made_up_cookie_is_none(visit: Visit) -> None:
    for cookie in ("scoqa-session-7860=", "scoqa-session-7860=made-up", "scoqa-session-7860"):
        assert visit().get("/config", headers={"cookie": cookie}).status_code == 401


def test_a_session_ends_after_twelve_hours(visit: Visit, clock: Clock) -> None:
    browser = visit()
    log_in(browser)
    clock.now += SESSION_SECONDS - 1
    assert browser.get("/config").status_code == 200
    clock.now += 1
    assert browser.get("/config").status_code == 401


def test_logging_out_ends_the_session_not_only_the_cookie(visit: Visit) -> None:
    browser = visit()
    log_in(browser)
    token = dict(browser.cookies)
    assert browser.get("/logout").status_code == 405, "a link or an image logs nobody out"
    done = browser.post("/logout")
    assert (done.status_code, done.headers["location"]) == (303, "/login")
    assert dict(browser.cookies) == {}
    thief = visit()
    thief.cookies.update(token)
    assert thief.get("/config").status_code == 401


def test_logging_in_again_gives_a_new_token_and_ends_the_old_one(visit: Visit) -> None:
    browser = visit()
    log_in(browser)
    old = dict(browser.cookies)
    log_in(browser)
    assert dict(browser.cookies) != old
    thief = visit()
    thief.cookies.update(old)
    assert thief.get("/config").status_code == 401


def test_sessions_take_bounded_memory(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoqa.ui.auth.sessions.MOST_SESSIONS", 3)
    sessions = Sessions(clock)
    tokens = [sessions.begin() for _ in range(4)]
    assert [sessions.is_valid(each) for each in tokens] == [False, True, True, True]


# -- where the login leads ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "wished",
    [
        "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "https://evil.example", "https:evil.example", "HTTP:/evil.example", "javascript:alert(1)",
        "evil.example", "", "/\t/evil.example", "/\n/evil.example", "\t//evil.example",
        " //evil.example", "/a\r\nset-cookie: a=b", "/\x00", "/\x7f", "/.//evil.example",
        "/a//evil.example", "/\u2028", "/é", "/" + "a" * 5000, "/login", "/login?next=/login",
        "/logout", "/login/",
    ],
)  # fmt: skip
def test_the_login_leads_nowhere_else(visit: Visit, wished: str) -> None:
    assert check_target(wished) == "/"
    done = log_in(visit(), next=wished)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert "a" not in done.cookies


@pytest.mark.parametrize("wished", ["/", "/?a=//b&c=https://d/#", "/x/y?z=%0d%0a", "/?q=a+b;c|d"])
def test_the_login_leads_to_every_path_of_ours(wished: str) -> None:
    assert check_target(wished) == wished


def test_a_page_of_another_server_is_not_wished_for_by_its_path(visit: Visit) -> None:
    sent = visit().get("http://localhost:7860//evil.example/", headers=HTML)
    assert parse_qs(urlsplit(sent.headers["location"]).query) == {"next": ["/"]}


# -- the page -----------------------------------------------------------------------------------


def test_the_page_says_what_is_wrong_and_repeats_no_markup(visit: Visit) -> None:
    name = '"><script>alert(1)</script>'
    page = log_in(visit(), "wrong", name, next=f"/?{name}")
    assert page.status_code == 401
    assert 'role="alert"' in page.text
    assert "<script>alert" not in page.text
    assert "wrong" not in page.text.replace("wrong attempts", "")
    assert page.headers["cache-control"] == "no-store"


def test_nothing_runs_on_the_page_but_its_own_line(visit: Visit) -> None:
    page = visit().get("/login")
    policies = page.headers.get_list("content-security-policy")
    assert any("default-src 'none'" in each and "unsafe" not in each for each in policies)
    assert all("form-action 'self'" in each for each in policies)
    # With no-referrer a browser would send `Origin: null` with the form, which is refused.
    assert page.headers["referrer-policy"] == "same-origin"


def test_a_form_on_another_site_logs_nobody_in(visit: Visit) -> None:
    browser = visit()
    browser.headers["origin"] = "https://evil.example"
    assert log_in(browser).status_code == 403


def test_only_a_form_is_read(visit: Visit) -> None:
    fields = {"username": "ada", "password": PASSWORD}
    assert visit().post("/login", json=fields).status_code == 415
    assert visit().post("/login", files=fields).status_code == 415
    assert visit().post("/login", data={str(each): "" for each in range(99)}).status_code == 400
    assert visit().put("/login").status_code == 405


# -- guessing -----------------------------------------------------------------------------------


def test_wrong_passwords_are_slowed_from_half_a_minute_to_an_hour(
    visit: Visit, clock: Clock
) -> None:
    guesser = visit()
    for _ in range(FREE_ATTEMPTS):
        assert log_in(guesser, "a guess").status_code == 401
    for wait in (30, 60, 120, 240, 480, 960, 1920, 3600, 3600):
        refused = log_in(guesser, "a guess")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, str(wait))
        clock.now += wait - 1
        refused = log_in(guesser)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1"), (
            "the right password is refused too"
        )
        assert "Try again in 1 second." in refused.text
        clock.now += 1
        assert log_in(guesser, "a guess").status_code == 401


def test_after_the_wait_the_right_password_is_right_and_all_is_forgotten(
    visit: Visit, clock: Clock
) -> None:
    browser = visit()
    for _ in range(FREE_ATTEMPTS):
        log_in(browser, "a guess")
    clock.now += 30
    assert log_in(browser).status_code == 303
    for _ in range(FREE_ATTEMPTS):
        assert log_in(browser, "a guess").status_code == 401


def test_a_guesser_slows_nobody_at_another_address_and_no_other_name(visit: Visit) -> None:
    for _ in range(FREE_ATTEMPTS + 1):
        log_in(visit(), "a guess")
    assert log_in(visit()).status_code == 429
    assert log_in(visit("192.0.2.2")).status_code == 303
    assert log_in(visit(), name="bob").status_code == 303


def test_an_unknown_name_is_slowed_like_a_known_one(visit: Visit) -> None:
    for _ in range(FREE_ATTEMPTS):
        assert log_in(visit(), name="nobody").status_code == 401
    assert log_in(visit(), name="nobody").status_code == 429


def test_one_person_s_ipv6_addresses_are_one() -> None:
    attempts = Attempts(Clock())
    for number in range(FREE_ATTEMPTS):
        attempts.begin(f"2001:db8::{number}", "ada")
    assert attempts.wait_seconds("2001:db8::ffff", "ada") == 30
    assert attempts.wait_seconds("2001:db8:0:1::1", "ada") == 0
    for _ in range(FREE_ATTEMPTS):
        attempts.begin("::ffff:192.0.2.1", "ada")
    assert attempts.wait_seconds("192.0.2.1", "ada") == 30
    assert attempts.wait_seconds("192.0.2.2", "ada") == 0


def test_this_machine_is_one_address_whichever_of_its_own_a_program_takes() -> None:
    own = ("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.3", "127.255.255.254")
    for address in own:
        attempts = Attempts(Clock())
        for number in range(FREE_ATTEMPTS):
            attempts.begin(f"127.0.{number}.1", "ada")
        assert attempts.wait_seconds(address, "ada") == 30
        assert attempts.wait_seconds("128.0.0.1", "ada") == 0
        assert attempts.wait_seconds("::2", "ada") == 0


def test_passwords_from_many_addresses_wait_in_a_bounded_queue(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(login, "check_password", lambda *_: not release.wait(30))
    answers: SimpleQueue[Any] = SimpleQueue()

    def attempt(number: int) -> None:
        answers.put(log_in(visit(f"192.0.2.{number}"), "a guess"))

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(17)]
    for each in threads:
        each.start()
    try:
        busy = answers.get(timeout=20)  # while the passwords of the sixteen others wait
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "2")
        assert "Too many logins at once. Try again in 2 seconds." in busy.text
        assert answers.empty()
    finally:
        release.set()
        for each in threads:
            each.join(20)
    assert [answers.get().status_code for _ in range(16)] == [401] * 16
    monkeypatch.setattr(login, "check_password", passwords.check_password)
    assert log_in(visit("192.0.2.99")).status_code == 303, "the queue is empty again"


def test_attempts_take_bounded_memory_and_no_wait_is_pushed_out(clock: Clock) -> None:
    attempts = Attempts(clock)
    for _ in range(FREE_ATTEMPTS):
        attempts.begin("192.0.2.1", "ada")
    for number in range(MOST_ENTRIES + 10):
        attempts.begin("192.0.2.1", str(number))
    assert len(attempts._entries) == MOST_ENTRIES
    assert attempts.wait_seconds("192.0.2.1", "ada") == 30


def test_a_name_is_looked_for_as_long_as_a_wrong_password_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logins = {"ada": passwords.salt_password(PASSWORD)}
    salted: list[str] = []
    real = passwords._scrypt
    monkeypatch.setattr(
        passwords, "_scrypt", lambda word, salt: (salted.append(word), real(word, salt))[1]
    )
    assert not passwords.check_password(logins, "ada", "wrong")
    assert not passwords.check_password(logins, "nobody", "wrong")
    assert salted == ["wrong", "wrong"]


def test_an_endless_password_is_wrong_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Sorting its accents would take minutes: quadratic, and in the way of everything else.
    monkeypatch.setattr(passwords, "_scrypt", lambda *_: pytest.fail("it was looked at"))
    assert not passwords.check_password({}, "ada", "\u0301\u0323" * 40_000)
