"""What people did about deliveries that led to nothing."""

from piccolo.columns import BigInt, BigSerial, Timestamptz, Varchar
from piccolo.table import Table


class DeliveryAct(Table):
    """Who opened, filed, set aside or took back a delivery, and when; written by the database, never changed."""

    id = BigSerial(primary_key=True)
    delivery = BigInt()
    channel = Varchar(length=12)
    received_at = Timestamptz()
    person = BigInt()
    act = Varchar(length=10)
    acted_at = Timestamptz()


class DeliveryFinding(Table):
    """What a person found a delivery to be: a complaint, or none. Once for each; `was` is its state before."""

    id = BigSerial(primary_key=True)
    delivery = BigInt()
    person = BigInt()
    complaint = BigInt(null=True, default=None)
    was = Varchar(length=12)
    found_at = Timestamptz()


TABLES = [DeliveryAct, DeliveryFinding]
