"""Waymark: a psychoeducational assistant for a treatment clinic."""

import os
import warnings

# Telemetry and crash reports leave the machine by default: never from here.
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
# TensorFlow comes with Rasa; nothing here runs on it, so keep it quiet.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
# SQLAlchemy 1.4's notice about 2.0 is for Rasa's maintainers, not for a clinic.
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
# What Rasa's dependencies say about each other is for their maintainers too.
for _category in (DeprecationWarning, FutureWarning, PendingDeprecationWarning):
    warnings.filterwarnings("ignore", category=_category)
warnings.filterwarnings("ignore", message=".*(Slot auto-fill|'RulePolicy' is not included).*")
