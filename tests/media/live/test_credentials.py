"""Files are signed by a certificate that nobody trusts; a changed byte is noticed."""

from pathlib import Path

import pytest
from cryptography import x509

pytest.importorskip("c2pa")

from simulator.media.live.credentials import TRUST, can_sign, certificate, sign, validation_state
from simulator.media.live.marks import metadata
from simulator.media.live.orders import Made, MadeFile, Pairing, SwapOrder
from simulator.media.live.pictures import write_picture
from simulator.media.live.reading import Reader
from simulator.media.live.render import render
from simulator.media.live.workshop import Workshop
from simulator.media.live.writing import Writer, read_back
from tests.media.live.media import make_video, picture


def _made(folder: Path, media_type: str) -> MadeFile:
    marks = metadata("1", "face swap")
    if media_type != "video/mp4":
        return write_picture(str(folder / "a"), picture(320, 240), media_type, marks)
    reader = Reader(str(make_video(folder / "source.mp4")))
    with Writer(str(folder / "a.mp4"), reader.video, marks) as writer:
        for chunk in reader.chunks():
            writer.write(chunk)
        return writer.finish()


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "image/webp", "video/mp4"])
def test_a_signed_file_is_valid_until_a_byte_changes(tmp_path: Path, media_type: str) -> None:
    made = _made(tmp_path, media_type)

    signed = sign(made, "1", "face swap")

    path = Path(signed.path)
    assert signed.size_bytes == path.stat().st_size
    assert 2000 < signed.size_bytes - made.size_bytes < 6000  # no thumbnail
    assert validation_state(signed.path, media_type) == "Valid"
    assert not [file for file in tmp_path.iterdir() if file.name.endswith(".part")]
    if media_type == "video/mp4":
        assert read_back(signed.path) == signed
    data = bytearray(path.read_bytes())
    data[200 if media_type == "image/webp" else -made.size_bytes // 8] ^= (
        1  # of the picture; a WebP is signed at its end
    )
    path.write_bytes(data)
    assert validation_state(signed.path, media_type) == "Invalid"


def test_a_workshop_that_signs_signs_whatever_is_made(
    photos: Path, tmp_path: Path, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = SwapOrder("1", str(photos / "hopper.png"), (Pairing(str(photos / "collins.png")),), str(tmp_path))

    for signs, state in ((True, "Valid"), (False, "")):
        monkeypatch.setattr(workshop, "signs", signs)
        made = [news for news in render(order, workshop) if isinstance(news, Made)]

        assert [validation_state(one.file.path, one.file.media_type) for one in made] == [state]
        assert made[0].file.size_bytes == Path(made[0].file.path).stat().st_size


def test_an_unsigned_file_has_no_credentials(tmp_path: Path) -> None:
    made = _made(tmp_path, "image/png")

    assert can_sign()
    assert validation_state(made.path, made.media_type) == ""


def test_the_certificate_says_that_it_is_not_to_be_trusted() -> None:
    leaf, root = x509.load_pem_x509_certificates(certificate().chain)

    assert TRUST == "Simulator test certificate, not trusted"
    assert TRUST in leaf.subject.rfc4514_string().replace("\\", "")
    assert leaf.issuer == root.subject == root.issuer
    assert certificate() is certificate()
