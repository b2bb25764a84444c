"""Trains the model, and tells whether the newest one still fits the content."""

from __future__ import annotations

import hashlib
from pathlib import Path

import rasa
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.training_data import TrainingData

from waymark import settings
from waymark.runtime import ModelMissing, latest_model

TRAINED_FROM = ("config.yml", "domain.yml")
DATA_FOLDERS = ("nlu", "rules", "responses")
FITTED = ("keywords.py", "learned.py", "network.py", "regression.py")
"""What of `waymark/safety` is kept in a model; the rules are read when the server starts."""


class ReadOnce(RasaFileImporter):
    """Rasa's importer, which reads and checks all phrases twice in a training; this one keeps them."""

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The phrases of `data/nlu`."""
        if not hasattr(self, "_phrases"):
            self._phrases = super().get_nlu_data(language)
        return self._phrases


def fingerprint() -> str:
    """A digest of everything a model is made of: configuration, domain, data, crisis tables, code."""
    root = settings.ROOT
    paths = [root / name for name in TRAINED_FROM]
    paths += sorted(path for folder in DATA_FOLDERS for path in (settings.DATA / folder).glob("*.yml"))
    paths += sorted(settings.CRISIS.rglob("*.yml"))
    paths += sorted((root / "waymark").rglob("nlu/*.py")) + sorted((root / "waymark").rglob("policies/*.py"))
    paths += [root / "waymark" / "safety" / name for name in FITTED]
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def up_to_date() -> bool:
    """Whether the newest model was trained from what is there now."""
    mark = settings.MODELS / "fingerprint"
    try:
        latest_model()
    except ModelMissing:
        return False
    return mark.is_file() and mark.read_text() == fingerprint()


def train() -> Path:
    """Train a model into `models/` and return its path.

    Raises:
        RuntimeError: Rasa could not train; its message says why.
    """
    result = rasa.train(
        domain=str(settings.ROOT / "domain.yml"),
        config=str(settings.ROOT / "config.yml"),
        training_files=[str(settings.DATA / folder) for folder in DATA_FOLDERS],
        output=str(settings.MODELS),
        force_training=True,
    )
    if not result.model:
        raise RuntimeError("the model could not be trained; see the messages above.")
    (settings.MODELS / "fingerprint").write_text(fingerprint())
    return Path(result.model)
