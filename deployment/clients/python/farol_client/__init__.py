"""A typed client of Farol's HTTP interface."""

from farol_client.answers import (
    ActionRead,
    ExplainedRecord,
    HelpRead,
    IndexedRecord,
    OutcomesRead,
    Record,
    RefusedRecord,
    ScoredRecord,
)
from farol_client.clients import AsyncFarolClient, FarolClient
from farol_client.errors import ApiFault, ApiRefusal, FieldFault, NoAnswer
from farol_client.operations import ScoredRecords
from farol_client.steps import Patience

__all__ = [
    "ActionRead",
    "ApiFault",
    "ApiRefusal",
    "AsyncFarolClient",
    "ExplainedRecord",
    "FarolClient",
    "FieldFault",
    "HelpRead",
    "IndexedRecord",
    "NoAnswer",
    "OutcomesRead",
    "Patience",
    "Record",
    "RefusedRecord",
    "ScoredRecord",
    "ScoredRecords",
]
