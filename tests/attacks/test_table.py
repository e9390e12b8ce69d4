"""The table of attacks that the teacher's page shows is that of the tests."""

from __future__ import annotations

from arena import HERE, families, table


def test_the_table_is_the_one_that_the_attacks_give():
    assert (HERE / "README.md").read_text(encoding="utf8") == table(), "run: python tests/attacks/arena.py"


def test_every_attack_has_a_name_of_its_own_in_its_family_and_there_are_more_than_a_hundred():
    modules = families().values()
    for module in modules:
        names = [attack.name for attack in module.ATTACKS]
        assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})
    assert sum(len(module.ATTACKS) for module in modules) > 100
