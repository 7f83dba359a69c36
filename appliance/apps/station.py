"""The whole device, joined: reading `Station.__init__` shows what hands what to whom."""

import importlib.metadata
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timezone

import click

from appliance.analysis.pipeline import Pipeline
from appliance.analysis.result_document import result_document
from appliance.apps.engine_loop import EngineLoop
from appliance.apps.settings import LoadedSettings
from appliance.apps.simulated_scope import SceneFactory
from appliance.apps.station_calibration import station_calibration
from appliance.capture.grabber import FrameGrabber
from appliance.capture.latest_frame import LatestFrame
from appliance.capture.open_source import open_source
from appliance.domain.errors import StoreError
from appliance.exam.live import LiveHub
from appliance.exam.message import BoxAddress
from appliance.exam.session import ExamSession
from appliance.exam.session_state import SessionTools
from appliance.inference.engine_set import load_engine_set
from appliance.storage.exam_store import SqliteExamStore
from webui.access import load_or_create_secrets
from webui.app import create_app
from webui.server import serve
from webui.services import Services

_log = logging.getLogger(__name__)
