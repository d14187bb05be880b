"""What Django offers and this house does not take."""

import ast
from collections.abc import Iterator

from tests.tidy.tree import app_files, name_of, parsed


def called_name(node: ast.expr) -> str:
    """Return the last name of a dotted expression or call: `a.b.C` gives `C`."""
    if isinstance(node, ast.Call):
        return called_name(node.func)
    if isinstance(node, ast.Subscript):
        return called_name(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def offences(module: ast.Module) -> Iterator[str]:
    """Yield a sentence for each thing in a module that the house does not take."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield from offences_of_class(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
            called_name(decorator) == "receiver" for decorator in node.decorator_list
        ):
            yield f"{node.name} receives a signal"


def offences_of_class(node: ast.ClassDef) -> Iterator[str]:
    """Yield a sentence for each forbidden base, override or Meta option of a class."""
    bases = {called_name(base) for base in node.bases}
    if any(base.endswith("ModelSerializer") for base in bases):
        yield f"{node.name} is a ModelSerializer: the next field would be published by itself"
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name == "save" and "Model" in bases:
            yield f"{node.name} overrides save()"
        if isinstance(member, ast.ClassDef) and member.name == "Meta":
            assigned = {name for line in member.body for name in names_assigned(line)}
            if "ordering" in assigned:
                yield f"{node.name}.Meta.ordering hides a sort in every query"


def names_assigned(line: ast.stmt) -> set[str]:
    """Return the plain names that a statement assigns."""
    targets = line.targets if isinstance(line, ast.Assign) else []
    if isinstance(line, ast.AnnAssign):
        targets = [line.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def test_the_apps_take_only_what_the_house_takes() -> None:
    found = [f"{name_of(path)}: {why}" for path in app_files() for why in offences(parsed(path))]
    assert not found, "\n".join(found)


def test_the_rule_sees_each_offence() -> None:
    text = """
class A(serializers.ModelSerializer):
    pass
class B(models.Model):
    def save(self): pass
    class Meta:
        ordering = ["id"]
@receiver(post_save, sender=B)
def listen(**kwargs): pass
"""
    expected = 4
    assert len(list(offences(ast.parse(text)))) == expected
