"""`python -m app certificates verify`: for offices and scripts; the exit code is the answer."""

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.certificates import certificate_commands, service
from app.certificates.models import Certificate, CertificateDocument
from app.core.errors import CommandFailed
from app.core.jobs import Worker
from app.core.storage import Storage
from app.runtime import Runtime
from tests.certificates import making


@pytest.fixture
def issued(db: Session) -> Certificate:
    certificate = making.certificate(db)
    db.commit()
    return certificate


def run(runtime: Runtime, *words: str) -> int:
    parser = ArgumentParser()
    certificate_commands.register(parser.add_subparsers())
    args = parser.parse_args(["certificates", "verify", *words])
    return int(args.func(args, runtime))


def test_a_code_and_a_scanned_address_are_valid(
    runtime: Runtime, issued: Certificate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(runtime, f"https://hocso.test/verify/{issued.code}", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["state"], said["number"], said["holder_name"]) == ("valid", issued.number, "Nguyễn Thị Hạnh")
    assert said["birth_date"] == "**/**/1985"
    assert said["course"] == {"title": making.COURSE_TITLE, "version": 3, "hours": 6.0}
    assert run(runtime, issued.code.lower()) == 0
    assert "Còn hiệu lực" in capsys.readouterr().out


def test_a_revoked_and_an_unknown_one_exit_with_findings(
    runtime: Runtime, db: Session, issued: Certificate, capsys: pytest.CaptureFixture[str]
) -> None:
    service.revoke(db, db.get_one(Certificate, issued.id), "clerical", "Sai", None)
    db.commit()
    assert run(runtime, issued.code, "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert said["state"] == "revoked"
    assert said["revocation"]["kind"] == "clerical"
    assert run(runtime, "KHONGCO", "--json") == 1
    assert json.loads(capsys.readouterr().out)["state"] == "unknown"


def test_a_file_is_judged_by_its_bytes(
    runtime: Runtime, db: Session, issued: Certificate, worker: Worker, storage: Storage, tmp_path: Path
) -> None:
    worker.run_all()
    content = b"".join(storage.read(db.get_one(CertificateDocument, issued.id).storage_key))
    paper = tmp_path / "giay.pdf"
    paper.write_bytes(content)
    assert run(runtime, str(paper)) == 0
    paper.write_bytes(content.replace(b"Title", b"title"))
    assert run(runtime, str(paper)) == 1


def test_a_file_that_cannot_be_read_could_not_be_checked(runtime: Runtime, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="Không đọc được"):
        run(runtime, str(tmp_path / "khong-co.pdf"))
    (tmp_path / "gia.pdf").write_bytes(b"PK")
    with pytest.raises(CommandFailed, match="không phải tệp PDF"):
        run(runtime, str(tmp_path / "gia.pdf"))
