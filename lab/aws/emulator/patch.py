"""How moto is patched: in process, without a copy of it."""

import functools


def around(owner, name):
    """Replaces a method; the function gets the plain one before its arguments, to call it or not."""

    def decorate(function):
        plain = getattr(owner, name)

        @functools.wraps(plain)
        def patched(*args, **kwargs):
            return function(plain, *args, **kwargs)

        setattr(owner, name, patched)
        return function

    return decorate


def answers(owner, name):
    """Adds or replaces what answers a call."""

    def decorate(function):
        function.__name__ = name
        setattr(owner, name, function)
        return function

    return decorate
