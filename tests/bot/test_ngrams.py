"""What sentences are made of. The module is plain Python, so that it can be tested outside Rasa."""

from hypothesis import given
from hypothesis import strategies as st

from bot.components.ngrams import MAX_LENGTH, ngrams, plain


def test_both_languages_in_one_sentence() -> None:
    found = ngrams("我的order呢")
    assert {"我", "的", "order", "呢", "^ 我", "我 的", "的 order", "order 呢", "呢 $", "<or~", "er>~"} <= set(found)


def test_case_width_and_spaces_make_no_difference() -> None:
    assert ngrams(plain("  Hello　ＷＯＲＬＤ！")) == ngrams("hello world!")


def test_a_typing_error_leaves_most_pieces() -> None:
    right, wrong = set(ngrams("representative")), set(ngrams("represenative"))
    assert len(right & wrong) > len(right) / 2


def test_which_number_or_address_it_is_makes_no_difference() -> None:
    assert ngrams("单号pl20418835") == ngrams("单号PL 3055 1290".lower()) == ngrams("单号 #")
    assert ngrams("打13812345678") == ngrams("打139-1234-5678") == ngrams("打 #")
    assert ngrams("邮箱mei.lin@example.com") == ngrams("邮箱li@mail.example.org")
    assert ngrams("12315") != ngrams("12316")  # short numbers say something: this one is the consumers' hotline


@given(st.text(max_size=3 * MAX_LENGTH))
def test_anything_can_be_read(text: str) -> None:
    found = ngrams(plain(text))
    assert len(found) == len(set(found))
    assert found == ngrams(plain(text[:MAX_LENGTH]))
    assert all(term.strip() for term in found)
