"""The course's own mathematics is closed while an answer is judged, but for what the exercise names as open.

A list of what is closed would always have holes: so all of it is, and `Problem.allowed` says what an answer may call.
"""

import contextlib
import functools
import gc
import inspect
import sys
import types

from bplib.course.judging.raising import Closed

_ROOM = "bplib"
_BETWEEN = {*sys.stdlib_module_names, "numpy", "sympy", "mpmath"}  # they call on behalf of whoever has called them
_NOT_MATHEMATICS = tuple(f"{_ROOM}.{name}" for name in ("course", "grading", "pictures", "cli"))
_CONTAINERS = (
    *(dict, list, tuple, set, types.MappingProxyType, types.CellType, types.MethodType),
    *(property, staticmethod, classmethod, functools.partial, functools.cached_property, type(functools.cache(len))),
)
_open_here = []  # what is said of it, the innermost last


@contextlib.contextmanager
def closed(but=()):
    """Within, a function of the course raises `raising.Closed` when it is called from outside of the course.

    but names what stays open: a function as "activations.sigmoid", a class as "autodiff.Value", a module as "layers",
    all of it as "bplib". What the course calls itself goes on as ever. It is the code of the functions that is
    exchanged, since one that was imported by its name is the same object. Nobody who wants to copy our code is kept
    from it.
    """
    if _ROOM in but:
        yield
        return
    opened = f"{' and '.join(but)} only" if but else "nothing of the course"
    but = {*but, *_homes(but)}
    gates = _gates(frozenset(map(id, _modules())))
    gates = {function: gate for function, (name, gate) in gates.items() if not _is_open(name, but)}
    _open_here.append(f"but this exercise opens {opened}: write it with NumPy")
    codes = {function: function.__code__ for function in gates}
    for function, gate in gates.items():
        function.__code__ = gate
    try:
        yield
    finally:
        _open_here.pop()
        for function, code in codes.items():
            function.__code__ = code


call_from_outside = types.FunctionType(
    (lambda function, args: function(*args)).__code__, {"__name__": "outside", "__builtins__": __builtins__}
)
"""call_from_outside(function, args) calls a function as code that is not of the course would."""


def functions():
    """The functions and methods of the course's mathematics that are there, private ones too, as (name, function).

    They are all that its modules lead to: what stands in classes, tables and closures among it.
    """
    found, seen = [], set()
    reached = [vars(module) for module in _modules()]
    while reached:
        each = reached.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        owner = each if isinstance(each, type | types.FunctionType) else type(each)
        if isinstance(each, types.FunctionType) and _is_ours(each):
            found.append((f"{each.__module__.removeprefix(f'{_ROOM}.')}.{each.__qualname__}", each))
            reached += [each.__closure__, each.__defaults__, each.__kwdefaults__, each.__dict__]
        elif isinstance(each, _CONTAINERS) or _is_ours(owner):
            reached += gc.get_referents(each)
    return found


def _modules():
    return [module for name, module in list(sys.modules.items()) if _is_mathematics(name) and module is not None]


def _is_ours(owner):
    return _is_mathematics(getattr(owner, "__module__", None))


def _is_mathematics(module):
    return (
        isinstance(module, str)
        and f"{module}.".startswith(f"{_ROOM}.")
        and not f"{module}.".startswith(tuple(f"{name}." for name in _NOT_MATHEMATICS))
    )


def _homes(names):
    """The modules in which stands what these modules, or those of these names, list in __all__ as their own."""
    for module in filter(None, (sys.modules.get(f"{_ROOM}.{name.partition('.')[0]}") for name in names)):
        for each in getattr(module, "__all__", ()):
            yield getattr(module, each).__module__.removeprefix(f"{_ROOM}.")


def _is_open(name, but):
    return any(name == each or name.startswith(f"{each}.") for each in but)


@functools.lru_cache(maxsize=1)
def _gates(modules):
    """Each function to its name and to the code that stands in its place; made again where a module has come in."""
    return {function: (name, _gate(name, function)) for name, function in functions()}


def _gate(name, function):
    """Code that lets the course through to a function, and nobody else."""
    original = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    original.__kwdefaults__, original.__module__ = function.__kwdefaults__, None  # it is none of `functions`
    function.__signature__ = inspect.signature(function)  # which is otherwise read off the code

    def through():
        frame = sys._getframe(2)
        while frame is not None and (caller := _package(frame)) in _BETWEEN:
            frame = frame.f_back
        if frame is None or caller != _ROOM:
            raise Closed(f"It calls {name}, {_open_here[-1]}")
        return original

    # A code object may hold anything as a constant, which spares the gate a name in the function's own module.
    code = _template.__code__
    constants = tuple(through if each == "through" else each for each in code.co_consts)
    return code.replace(co_consts=constants, co_freevars=function.__code__.co_freevars, co_name=function.__name__)


def _package(frame):
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def _template(*args, **kwargs):
    through = "through"
    return through()(*args, **kwargs)
