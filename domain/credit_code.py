"""The unified social credit code (统一社会信用代码, GB 32100-2015): 17 characters and one that checks them."""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters: no I, O, S, V, Z."""

LENGTH = 18


def check_character(body: str) -> str:
    """The last character of a code with these first 17: weights are the powers of 3, modulo 31.

    Raises:
        ValueError: a character is not of the alphabet.
    """
    total = sum(ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return ALPHABET[-total % 31]


def valid(code: str) -> bool:
    """Whether the code has its length, its alphabet and its check character."""
    body, last = code[:-1], code[-1:]
    return len(code) == LENGTH and set(body) <= set(ALPHABET) and check_character(body) == last
