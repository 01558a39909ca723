#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A charging station written on the Python package `ocpp` goes through a session with cariflexd.

usage: peer_ocpp.py BUILD-FOLDER VENV-FOLDER

That package checks every message of both sides against its own schemas. Where it (or `websockets`)
is missing and cannot be installed into VENV-FOLDER the test is skipped by name (TAP).
"""

import asyncio
import base64
import datetime
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import tempfile

PACKAGES = ["ocpp>=2.0,<3", "websockets>=12,<16"]


def ensure_packages(venv):
    """Runs this file in a Python that has the packages; returns where it already does."""
    try:
        import ocpp  # noqa: F401
        import websockets  # noqa: F401
        return
    except ImportError:
        pass
    python = venv / "bin" / "python3"
    if os.environ.get("CFX_PEER_AGAIN") is None:
        try:
            if subprocess.run([python, "-c", "import ocpp, websockets"],
                              capture_output=True).returncode != 0:
                raise FileNotFoundError
        except FileNotFoundError:
            subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True)
            try:
                subprocess.run([venv / "bin" / "pip", "install", "--quiet", *PACKAGES],
                               capture_output=True, timeout=180)
            except (OSError, subprocess.SubprocessError):
                pass
        if python.exists():
            os.execve(python, [str(python), *sys.argv], dict(os.environ, CFX_PEER_AGAIN="1"))
    print("1..0 # SKIP the Python packages ocpp and websockets are missing")
    raise SystemExit(0)


ensure_packages(pathlib.Path(sys.argv[2]))

import websockets  # noqa: E402
from ocpp.routing import on  # noqa: E402
from ocpp.v201 import ChargePoint, call, call_result  # noqa: E402

SITE = {
    "format": "cariflex-import", "version": 1,
    "accounts": [{"id": 1, "name": "Site", "zone": "Europe/Paris", "currency": "EUR"}],
    "assets": [
        {"id": 1, "name": "Depot", "account": 1, "type": "site",
         "attributes": {"zone": "Europe/Paris", "currency": "EUR",
                        "sensors": {"price": [84], "load-control": 86, "site-power": 101,
                                    "live-power": 108, "effective-limit": 102},
                        "base-load-max": "10 kW", "price-fallback": "180 EUR/MWh",
                        "unknown-token": "refuse", "offline-start": True},
         "flex_context": {"site-power-capacity": "100 kW", "site-consumption-capacity": "60 kW",
                          "site-production-capacity": "0 kW",
                          "consumption-price": {"sensor": 84}}},
        {"id": 10, "name": "CP001", "account": 1, "parent": 1, "type": "charging-station"},
        {"id": 11, "name": "EVSE 1", "account": 1, "parent": 10, "type": "evse",
         "attributes": {"sensors": {"power": 61, "live-power": 111}, "fail-safe-power": "4.14 kW",
                        "phases": 3, "min-current": "6 A", "max-current": "32 A",
                        "voltage": "230 V", "default-need": "15 kWh", "default-minimum": "5 kWh"},
         "flex_model": {"power-capacity": "22 kW", "production-capacity": "0 kW"}},
    ],
    "sensors": [
        {"id": 61, "asset": 11, "name": "power", "unit": "kW", "resolution": "PT15M"},
        {"id": 111, "asset": 11, "name": "live power", "unit": "kW", "resolution": "PT0S"},
        {"id": 84, "asset": 1, "name": "price", "unit": "EUR/MWh", "resolution": "PT15M"},
        {"id": 86, "asset": 1, "name": "load control", "unit": "%", "resolution": "PT1M"},
        {"id": 101, "asset": 1, "name": "site power", "unit": "kW", "resolution": "PT15M"},
        {"id": 102, "asset": 1, "name": "effective limit", "unit": "kW", "resolution": "PT1M"},
        {"id": 108, "asset": 1, "name": "live site power", "unit": "kW", "resolution": "PT0S"},
    ],
    "bindings": [{"id": 1, "instance": "ocpp", "identity": "CP001", "unit": 1, "asset": 11,
                  "power_sensor": 111}],
    "principals": [{"name": "CP001", "kind": "station", "account": 1,
                    "credentials": [{"kind": "password", "secret": "CP001"}],
                    "grants": [{"right": "post", "asset": 10}]}],
    "tokens": [{"token": "AABBCCDD", "type": "ISO14443", "account": 1}],
}


def held_port():
    """A bound socket on whose port a program of ours may listen (with SO_REUSEADDR), and nobody else gets it."""
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    return probe


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace(
        "+00:00", "Z")


class Daemon:
    def __init__(self, build, folder):
        self.build, self.folder = build, pathlib.Path(folder)
        self.held = held_port()
        self.port = self.held.getsockname()[1]
        for name in ("secrets", "state", "run"):
            (self.folder / name).mkdir()
        self.password = secrets.token_hex(16)
        (self.folder / "secrets" / "CP001").write_text(self.password + "\n")
        (self.folder / "site.json").write_text(json.dumps(SITE))
        (self.folder / "cariflex.conf").write_text(f"""[host]
run-dir={folder}/run
state-dir={folder}/state

[listener:internal]
zone=internal
address=127.0.0.1:{self.port}

[storage:main]
plugin=sqlite
path={folder}/state/cariflex.db

[adapter:ocpp]
plugin=ocpp
listener=internal

[scheduler:rules]
plugin=scheduler-rules

[planner]
scheduler=rules
""")
        self.environment = dict(os.environ, CARIFLEX_PLUGIN_DIR=str(build / "plugins"),
                                CARIFLEX_SOCKET=str(self.folder / "run" / "bus"))
        self.process = None

    async def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.build / "core" / "daemon" / "cariflexd", "--config",
                 self.folder / "cariflex.conf"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment)
        for _ in range(400):
            if self.process.poll() is not None:
                break
            if (self.folder / "run" / "bus").exists() and self.ctl("status").returncode == 0:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the daemon does not start:\n" + self.log())

    def ctl(self, *arguments):
        return subprocess.run([self.build / "core" / "ctl" / "cariflexctl", *arguments],
                              env=self.environment, capture_output=True, text=True, timeout=30)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def connect(self, identity="CP001", password=None, protocols=("ocpp2.0.1",)):
        credentials = f"{identity}:{password or self.password}".encode()
        headers = {"Authorization": "Basic " + base64.b64encode(credentials).decode()}
        url = f"ws://127.0.0.1:{self.port}/ocpp/{identity}"
        try:
            return websockets.connect(url, subprotocols=list(protocols), additional_headers=headers)
        except TypeError:
            return websockets.connect(url, subprotocols=list(protocols), extra_headers=headers)


class Station(ChargePoint):
    """Keeps the profiles that it accepts, and the order in which it was called."""

    def __init__(self, socket):
        super().__init__("CP001", socket, response_timeout=10)
        self.profiles, self.called, self.news = {}, [], asyncio.Event()

    def note(self, action):
        self.called.append(action)
        self.news.set()

    async def until(self, condition, what):
        try:
            async with asyncio.timeout(10):
                while not condition():
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            raise AssertionError(f"no {what}; called: {self.called}") from None

    def profile(self, purpose):
        for evse, profile in self.profiles.values():
            if profile["charging_profile_purpose"] == purpose:
                return profile
        return None

    @on("SetChargingProfile")
    def on_set(self, evse_id, charging_profile, **_):
        self.profiles[charging_profile["id"]] = (evse_id, charging_profile)
        self.note("SetChargingProfile " + charging_profile["charging_profile_purpose"])
        return call_result.SetChargingProfile(status="Accepted")

    @on("ClearChargingProfile")
    def on_clear(self, charging_profile_id=None, **_):
        self.note("ClearChargingProfile")
        known = self.profiles.pop(charging_profile_id, None)
        return call_result.ClearChargingProfile(status="Accepted" if known else "Unknown")

    @on("GetChargingProfiles")
    def on_get(self, request_id, **_):
        self.note("GetChargingProfiles")
        if not self.profiles:
            return call_result.GetChargingProfiles(status="NoProfiles")
        self.report = asyncio.get_running_loop().create_task(self.send_profiles(request_id))
        return call_result.GetChargingProfiles(status="Accepted")

    async def send_profiles(self, request_id):
        for evse, profile in list(self.profiles.values()):
            await self.call(call.ReportChargingProfiles(
                request_id=request_id, charging_limit_source="CSO", evse_id=evse,
                charging_profile=[profile],
                tbc=profile is not list(self.profiles.values())[-1][1]))

    @on("GetVariables")
    def on_get_variables(self, get_variable_data, **_):
        self.note("GetVariables")
        known = {"RateUnit": "A,W", "PeriodsPerSchedule": "6"}
        results = []
        for data in get_variable_data:
            value = known.get(data["variable"]["name"])
            result = {"attribute_status": "Accepted" if value else "UnknownVariable",
                      "component": data["component"], "variable": data["variable"]}
            if value:
                result["attribute_value"] = value
            results.append(result)
        return call_result.GetVariables(get_variable_result=results)

    @on("SetVariables")
    def on_set_variables(self, set_variable_data, **_):
        self.note("SetVariables")
        return call_result.SetVariables(set_variable_result=[
            {"attribute_status": "Accepted", "component": data["component"],
             "variable": data["variable"]} for data in set_variable_data])

    @on("GetBaseReport")
    def on_report(self, request_id, report_base, **_):
        self.note("GetBaseReport")
        self.inventory = asyncio.get_running_loop().create_task(self.call(call.NotifyReport(
            request_id=request_id, generated_at=now(), seq_no=0, report_data=[
                {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"},
                 "variable_attribute": [{"value": "0"}],
                 "variable_characteristics": {"data_type": "decimal", "unit": "W",
                                              "max_limit": 22000.0,
                                              "supports_monitoring": False}}])))
        return call_result.GetBaseReport(status="Accepted")

    @on("Reset")
    def on_reset(self, type, **_):
        self.note(f"Reset {type}")
        return call_result.Reset(status="Scheduled")

    @on("TriggerMessage")
    def on_trigger(self, requested_message, **_):
        self.note(f"TriggerMessage {requested_message}")
        return call_result.TriggerMessage(status="NotImplemented")

    @on("RequestStartTransaction")
    def on_start(self, id_token, remote_start_id, evse_id=None, **_):
        self.note(f"RequestStartTransaction {id_token['id_token']} {evse_id}")
        return call_result.RequestStartTransaction(status="Rejected", transaction_id="tx-1")

    @on("RequestStopTransaction")
    def on_stop(self, transaction_id, **_):
        self.note(f"RequestStopTransaction {transaction_id}")
        return call_result.RequestStopTransaction(status="Accepted")

    @on("UnlockConnector")
    def on_unlock(self, evse_id, connector_id, **_):
        self.note(f"UnlockConnector {evse_id} {connector_id}")
        return call_result.UnlockConnector(
            status="UnlockFailed", status_info={"reason_code": "Stuck", "additional_info": "bolt"})

    @on("ChangeAvailability")
    def on_availability(self, operational_status, evse=None, **_):
        self.note(f"ChangeAvailability {operational_status}")
        return call_result.ChangeAvailability(status="Scheduled")

    @on("GetCompositeSchedule")
    def on_composite(self, duration, evse_id, charging_rate_unit="A", **_):
        self.note("GetCompositeSchedule")
        return call_result.GetCompositeSchedule(status="Accepted", schedule={
            "evse_id": evse_id, "duration": duration, "schedule_start": now(),
            "charging_rate_unit": charging_rate_unit,
            "charging_schedule_period": [{"start_period": 0, "limit": 6.0}]})

    async def event(self, kind, seq, trigger, state=None, register=None, **more):
        info = {"transaction_id": "tx-1"}
        if state:
            info["charging_state"] = state
        if register is not None:
            more["meter_value"] = [{"timestamp": now(), "sampled_value": [
                {"value": register, "measurand": "Energy.Active.Import.Register"},
                {"value": 11.0, "measurand": "Power.Active.Import",
                 "unit_of_measure": {"unit": "kW"}}]}]
        return await self.call(call.TransactionEvent(
            event_type=kind, timestamp=now(), trigger_reason=trigger, seq_no=seq,
            transaction_info=info, evse={"id": 1, "connector_id": 1}, **more))


def highest(profile):
    """Highest limit of a profile, A; without a profile there is none."""
    if profile is None:
        return float("inf")
    return max(p["limit"] for p in profile["charging_schedule"][0]["charging_schedule_period"])


class Test:
    def __init__(self, daemon):
        self.daemon, self.number = daemon, 0

    def ok(self, condition, name):
        self.number += 1
        print(f"{'ok' if condition else 'not ok'} {self.number} {name}", flush=True)
        if not condition:
            raise AssertionError(name)

    async def refused(self, status, **how):
        try:
            async with self.daemon.connect(**how):
                return False
        except Exception as error:  # the class differs between versions of websockets
            text = str(error)
            return str(status) in text

    async def door(self):
        self.ok(await self.refused(404, identity="CP404"), "an unknown station gets 404")
        self.ok(await self.refused(401, password="wrong"), "a wrong password gets 401")
        async with self.daemon.connect(protocols=("ocpp1.6",)) as socket:
            try:
                await asyncio.wait_for(socket.recv(), 5)
            except websockets.ConnectionClosed as closed:
                self.ok((closed.rcvd.code if closed.rcvd else None) == 1002,
                        "another protocol is let in and closed with 1002")

    async def boot(self, station):
        answer = await station.call(call.BootNotification(
            charging_station={"model": "Peer", "vendor_name": "Python"}, reason="PowerUp"))
        self.ok(answer.status == "Accepted" and answer.interval == 300, "boot is accepted")
        await station.until(lambda: station.profile("TxDefaultProfile"), "fail-safe power")
        self.ok(station.called[0] == "SetChargingProfile TxDefaultProfile",
                "the fail-safe power is the first call")
        period = station.profile("TxDefaultProfile")["charging_schedule"][0]
        self.ok(period["charging_rate_unit"] == "A" and
                period["charging_schedule_period"][0]["limit"] == 6.0, "it is 6 A")
        await station.until(lambda: "GetBaseReport" in station.called, "inventory")
        self.ok(True, "limits, settings and inventory are asked for")
        await station.call(call.StatusNotification(timestamp=now(), connector_status="Available",
                                                   evse_id=1, connector_id=1))
        await station.call(call.Heartbeat())
        self.ok(True, "status and heartbeat are answered")

    async def session(self, station):
        token = {"id_token": "aabbccdd", "type": "ISO14443"}
        answer = await station.call(call.Authorize(id_token=token))
        self.ok(answer.id_token_info["status"] == "Accepted", "a known token is accepted")
        answer = await station.call(call.Authorize(
            id_token={"id_token": "00", "type": "ISO14443"}))
        self.ok(answer.id_token_info["status"] == "Unknown", "an unknown one is not")
        answer = await station.event("Started", 0, "CablePluggedIn", "EVConnected", 1000.0,
                                     id_token=token)
        self.ok(answer.id_token_info["status"] == "Accepted", "the transaction begins")
        departure = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)
        answer = await station.call(call.NotifyEVChargingNeeds(
            evse_id=1, charging_needs={
                "requested_energy_transfer": "AC_three_phase",
                "departure_time": departure.isoformat(timespec="seconds").replace("+00:00", "Z"),
                "ac_charging_parameters": {"energy_amount": 20000, "ev_min_current": 6,
                                           "ev_max_current": 16, "ev_max_voltage": 230}}))
        self.ok(answer.status == "Accepted", "the car's needs are taken")
        # the first plan may have been made before the car had told its needs
        await station.until(lambda: highest(station.profile("TxProfile")) <= 16,
                            "plan that keeps to the car's 16 A")
        profile = station.profile("TxProfile")
        schedule = profile["charging_schedule"][0]
        periods = schedule["charging_schedule_period"]
        self.ok(profile["transaction_id"] == "tx-1" and "duration" not in schedule,
                "the plan is the transaction's, without a duration")
        self.ok(len(periods) <= 6 and periods[0]["start_period"] == 0,
                "it has no more periods than the station takes")
        self.ok(periods[-1]["limit"] == 6.0, "its open last period is the fail-safe power")
        self.ok(highest(profile) <= 16, "nothing is above the car's 16 A")
        self.ok(any(period["limit"] > 0 for period in periods), "the car gets energy")
        await station.event("Updated", 1, "ChargingStateChanged", "Charging", 1500.0)

    async def meter(self, station):
        """MeterValues outside of TransactionEvents."""
        await station.call(call.MeterValues(evse_id=1, meter_value=[
            {"timestamp": now(), "sampled_value": [
                {"value": 4000.0, "measurand": "Power.Active.Import",
                 "unit_of_measure": {"unit": "W"}}]}]))
        self.ok(True, "MeterValues are answered")

    async def wrong_frames(self):
        """Sent past the package, which would not let them out; returns when all were answered."""
        async with self.daemon.connect() as socket:
            for text, answer in (
                    ('[2,', ["-1", "RpcFrameworkError"]),
                    ('[2,"c","NoSuchAction",{}]', ["c", "NotImplemented"]),
                    ('[2,"d","Heartbeat",{"unknown":1}]', ["d", "FormatViolation"]),
                    ('[2,"f","BootNotification",{"reason":5}]', ["f", "TypeConstraintViolation"])):
                await socket.send(text)
                got = await self.answer(socket, 4)
                self.ok(got[1:3] == answer, f"{text} is answered with {answer[1]}"
                        if got[1:3] == answer else f"{text}: {got}")
            for _ in range(2):
                await socket.send('[2,"again","Heartbeat",{}]')
            for _ in range(2):
                got = await self.answer(socket, 3)
                self.ok(got[1] == "again", "a repeated message id is answered again")
        # no `async with`: websockets stumbles over closing what was cut off while it still wrote
        socket = await self.daemon.connect()
        try:
            await socket.send('[2,"big","Heartbeat",{"x":"' + "x" * (4 << 20) + '"}]')
            while True:
                await asyncio.wait_for(socket.recv(), 10)
        except websockets.ConnectionClosed as closed:
            self.ok(closed.rcvd is not None and closed.rcvd.code == 1009,
                    "a message of 4 MiB ends the connection with 1009")

    async def answer(self, socket, kind):
        while True:
            frame = json.loads(await asyncio.wait_for(socket.recv(), 10))
            if frame[0] == kind:
                return frame

    async def command(self, name, arguments):
        done = await asyncio.to_thread(self.daemon.ctl, "command", "CP001", name,
                                       json.dumps(arguments), "--json")
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr

    async def commands(self, station):
        """The package has checked each request, and its own answer, with its schemas."""
        limit = {"component": {"name": "SmartChargingCtrlr"}, "variable": {"name": "RateUnit"}}
        for name, arguments, called, answer in (
                ("Reset", {}, "Reset OnIdle", {"status": "Scheduled"}),
                ("TriggerMessage", {"requestedMessage": "Heartbeat"}, "TriggerMessage Heartbeat",
                 {"status": "NotImplemented"}),
                ("RequestStartTransaction", {"idToken": {"idToken": "AA", "type": "Central"}},
                 "RequestStartTransaction AA 1", {"status": "Rejected", "transactionId": "tx-1"}),
                ("RequestStopTransaction", {}, "RequestStopTransaction tx-1", {"status": "Accepted"}),
                ("UnlockConnector", {}, "UnlockConnector 1 1",
                 {"status": "UnlockFailed",
                  "statusInfo": {"reasonCode": "Stuck", "additionalInfo": "bolt"}}),
                ("ChangeAvailability", {"operationalStatus": "Operative"},
                 "ChangeAvailability Operative", {"status": "Scheduled"}),
                ("GetVariables", {"getVariableData": [limit]}, "GetVariables",
                 {"getVariableResult": [{"attributeStatus": "Accepted", "attributeValue": "A,W",
                                         **limit}]}),
                ("SetVariables", {"setVariableData": [{**limit, "attributeValue": "A"}]},
                 "SetVariables", {"setVariableResult": [{"attributeStatus": "Accepted", **limit}]})):
            got = await self.command(name, arguments)
            self.ok(got == answer and called in station.called,
                    f"{name} is answered with the station's own answer" if got == answer
                    else f"{name}: {got}")
        got = await self.command("GetCompositeSchedule", {"duration": 600})
        self.ok(got["schedule"]["duration"] == 600, "GetCompositeSchedule brings the schedule")

    async def again(self, station):
        """After kill -9: the station returns without a boot, and everything is still known."""
        before = dict(station.profiles)
        self.daemon.kill()
        await self.daemon.start()
        async with self.daemon.connect() as socket:
            back = Station(socket)
            back.profiles = before
            reader = asyncio.get_running_loop().create_task(back.start())
            await back.event("Updated", 2, "MeterValuePeriodic", "Charging", 2500.0)
            self.ok(True, "an event is answered without a new boot")
            await back.until(lambda: "GetChargingProfiles" in back.called, "reading back")
            self.ok(True, "profiles are read back")
            await back.event("Ended", 3, "EVDeparted", None, 3000.0)
            self.ok(True, "the transaction ends")
            reader.cancel()
        sessions = self.daemon.ctl("session", "--json")
        self.ok("tx-1" in sessions.stdout, "the session is in the daemon's list")

    async def run(self):
        await self.daemon.start()
        imported = self.daemon.ctl("import", str(self.daemon.folder / "site.json"), "--secrets",
                                   str(self.daemon.folder / "secrets"))
        self.ok(imported.returncode == 0, "the site is imported " + imported.stderr.strip())
        await self.door()
        async with self.daemon.connect() as socket:
            station = Station(socket)
            reader = asyncio.get_running_loop().create_task(station.start())
            await self.boot(station)
            await self.session(station)
            await self.meter(station)
            await self.commands(station)
            reader.cancel()
            await self.again(station)
            await self.wrong_frames()
        print(f"1..{self.number}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(pathlib.Path(sys.argv[1]).resolve(), folder)
        try:
            asyncio.run(Test(daemon).run())
        except BaseException:
            print("# the daemon's log:")
            for line in daemon.log().splitlines():
                print("#", line)
            raise
        finally:
            daemon.stop()


main()
