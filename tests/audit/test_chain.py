"""The audit log: complete, in order, and nobody can change it unnoticed."""

import json
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction

from deployments import audit
from deployments.models import AuditEntry, AuditHead
from tests.dashboard.rows import a_branch


def some(count: int) -> list[AuditEntry]:
    return [
        audit.note("preview.pin", f"subject {number}", actor="mika", after={"number": number})
        for number in range(count)
    ]


def test_what_is_written_down(db: None) -> None:
    branch = a_branch()
    token = audit.origin.set("192.0.2.7")
    try:
        audit.note(
            "preview.destroy",
            branch,
            actor="mika",
            reason="no longer needed",
            before={"state": "live"},
            after={"state": "destroying"},
        )
    finally:
        audit.origin.reset(token)
    entry = AuditEntry.objects.get()
    assert (entry.number, entry.actor, entry.origin) == (1, "mika", "192.0.2.7")
    assert entry.subject == "acme/shop feature-x"
    assert entry.repository == branch.repository_id
    assert (entry.before, entry.after) == ({"state": "live"}, {"state": "destroying"})


def test_what_comes_from_no_request_comes_from_the_command_line(db: None) -> None:
    assert some(1)[0].origin == "command line"


def test_a_whole_chain_has_no_problem(db: None) -> None:
    some(5)
    assert list(audit.problems()) == []
    assert [entry.number for entry in audit.entries()] == [1, 2, 3, 4, 5]


def test_an_empty_one_has_none_either(db: None) -> None:
    assert list(audit.problems()) == []


def test_an_entry_is_never_changed_by_the_product(db: None) -> None:
    entry = some(1)[0]
    entry.actor = "somebody else"
    with pytest.raises(TypeError, match="only ever appended"):
        entry.save()
    with pytest.raises(TypeError, match="only ever appended"):
        entry.delete()


def test_the_database_refuses_to_change_one(db: None) -> None:
    some(2)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(number=1).update(actor="somebody else")
    assert list(audit.problems()) == []


def test_on_postgresql_it_refuses_to_remove_one(db: None) -> None:
    if connection.vendor != "postgresql":
        # SQLite's trigger could not tell this from the end of a test; the chain notices.
        some(1)
        AuditEntry.objects.filter(number=1).delete()
        assert list(audit.problems()) == ["Entry 1 is missing at the end."]
        return
    some(1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(number=1).delete()


def forged(sql: str) -> None:
    """What somebody does who has the database itself."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER audit_is_append_only")
        else:
            cursor.execute("ALTER TABLE deployments_auditentry DISABLE TRIGGER USER")
        cursor.execute(sql)


_TABLE = "deployments_auditentry"


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (
            f"UPDATE {_TABLE} SET actor = 'nobody' WHERE number = 2",
            "Entry 2 was changed after it was written.",
        ),
        (
            f"UPDATE {_TABLE} SET after = '{{\"number\": 7}}' WHERE number = 3",
            "Entry 3 was changed after it was written.",
        ),
        (
            f"UPDATE {_TABLE} SET at = '2020-01-01T00:00:00+00:00' WHERE number = 1",
            "Entry 1 was changed after it was written.",
        ),
        (f"DELETE FROM {_TABLE} WHERE number = 2", "Entry 2 is missing before entry 3."),
        (f"DELETE FROM {_TABLE} WHERE number > 2", "Entries 3 to 4 are missing at the end."),
        (
            f"UPDATE {_TABLE} SET number = number + 10 WHERE number > 2",
            "Entries 3 to 12 are missing before entry 13.",
        ),
        (f"DELETE FROM {_TABLE}", "Entries 1 to 4 are missing at the end."),
    ],
)
def test_whoever_has_the_database_is_found_out(db: None, sql: str, problem: str) -> None:
    some(4)
    forged(sql)
    assert problem in list(audit.problems())
    with pytest.raises(CommandError, match=problem.partition(" ")[0]):
        call_command("audit", "verify")


def test_a_chain_that_was_forged_as_a_whole_differs_from_an_export(
    db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    some(3)
    call_command("audit", "export")
    exported = tmp_path / "yesterday.jsonl"
    exported.write_text(capsys.readouterr().out)
    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    assert [line["number"] for line in lines] == [1, 2, 3]
    assert call_command("audit", "verify", "--from", str(exported)).startswith("3 entries")

    forged(f"DELETE FROM {_TABLE}")
    AuditHead.objects.all().delete()
    audit.note("preview.pin", "something else", actor="nobody")
    assert list(audit.problems()) == []
    with pytest.raises(CommandError, match=r"Entry 1 is not the one in yesterday\.jsonl"):
        call_command("audit", "verify", "--from", str(exported))


def test_a_file_that_is_no_export_is_told_by_its_line(db: None, tmp_path: Path) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text("hello\n")
    with pytest.raises(CommandError, match=r"notes\.txt:1 is not a line of an export"):
        call_command("audit", "verify", "--from", str(wrong))


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_chain() -> None:
    def write(name: str) -> None:
        try:
            for _ in range(5):
                audit.note("preview.pin", name, actor=name)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(f"thread {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AuditEntry.objects.count() == 20
    assert list(audit.problems()) == []


def test_what_was_undone_is_not_written_down(db: None) -> None:
    some(1)
    with pytest.raises(RuntimeError), transaction.atomic():
        some(1)
        raise RuntimeError
    assert AuditEntry.objects.count() == 1
    some(1)
    assert list(audit.problems()) == []
