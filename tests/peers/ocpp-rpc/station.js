// SPDX-License-Identifier: LGPL-2.1-or-later
// A charging station on ocpp-rpc in strict mode, led by lines of JSON on its standard input.
// usage: station.js ENDPOINT IDENTITY PASSWORD PROTOCOL
'use strict';
const { RPCClient } = require('ocpp-rpc');
const readline = require('readline');

const [endpoint, identity, password, protocol] = process.argv.slice(2);
const say = line => process.stdout.write(JSON.stringify(line) + '\n');
const profiles = new Map();
const station = new RPCClient({
    endpoint, identity, password, protocols: [protocol], strictMode: true, callTimeoutMs: 30000,
    backoff: { initialDelay: 200, maxDelay: 1000, factor: 2, randomisationFactor: 0 },
});

const later = (method, params) =>
    setImmediate(() => station.call(method, params).catch(error => say({ event: 'failed', method, words: String(error) })));
const each = status => item => ({ attributeStatus: status, component: item.component, variable: item.variable });
const answers = {
    SetChargingProfile(params) {
        profiles.set(params.chargingProfile.id, { evseId: params.evseId, profile: params.chargingProfile });
        return { status: 'Accepted' };
    },
    ClearChargingProfile: params => ({ status: profiles.delete(params.chargingProfileId) ? 'Accepted' : 'Unknown' }),
    GetChargingProfiles(params) {
        const held = [...profiles.values()];
        held.forEach((one, at) => later('ReportChargingProfiles', {
            requestId: params.requestId, chargingLimitSource: 'CSO', evseId: one.evseId,
            chargingProfile: [one.profile], tbc: at + 1 < held.length,
        }));
        return { status: held.length ? 'Accepted' : 'NoProfiles' };
    },
    GetBaseReport(params) {
        later('NotifyReport', {
            requestId: params.requestId, generatedAt: new Date().toISOString(), seqNo: 0,
            reportData: [{
                component: { name: 'EVSE', evse: { id: 1 } }, variable: { name: 'Power' },
                variableAttribute: [{ value: '0' }],
                variableCharacteristics: { dataType: 'decimal', unit: 'W', maxLimit: 22000, supportsMonitoring: false },
            }],
        });
        return { status: 'Accepted' };
    },
    GetVariables: params => ({
        getVariableResult: params.getVariableData.map(item => item.variable.name === 'RateUnit'
            ? { ...each('Accepted')(item), attributeValue: 'A,W' } : each('UnknownVariable')(item)),
    }),
    SetVariables: params => ({ setVariableResult: params.setVariableData.map(each('Accepted')) }),
    Reset: () => ({ status: 'Scheduled' }),
    TriggerMessage: () => ({ status: 'NotImplemented' }),
    RequestStartTransaction: () => ({ status: 'Rejected' }),
    RequestStopTransaction: () => ({ status: 'Accepted' }),
    UnlockConnector: () => ({ status: 'UnlockFailed', statusInfo: { reasonCode: 'Stuck' } }),
    ChangeAvailability: () => ({ status: 'Scheduled' }),
    GetCompositeSchedule: params => ({
        status: 'Accepted',
        schedule: {
            evseId: params.evseId, duration: params.duration, scheduleStart: new Date().toISOString(),
            chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: 6 }],
        },
    }),
};
for (const [method, answer] of Object.entries(answers)) {
    station.handle(method, ({ params }) => {
        say({ event: 'called', method, params });
        return answer(params);
    });
}
station.on('strictValidationFailure', ({ method, outbound, error }) =>
    say({ event: 'strict', method, outbound, words: String(error) }));
station.on('open', () => say({ event: 'open' }));
station.on('disconnect', ({ code }) => say({ event: 'disconnect', code }));
station.on('badMessage', ({ error }) => say({ event: 'bad', words: String(error) }));
station.on('message', ({ message, outbound }) => outbound || say({ event: 'heard', text: String(message) }));

const orders = {
    connect: () => station.connect().then(() => null),
    call: ({ method, params }) => station.call(method, params),
    raw: ({ text }) => station.sendRaw(text),
    drop: () => station._ws.terminate(), // the cable breaks: no closing handshake, and the package dials again
};
readline.createInterface({ input: process.stdin })
    .on('line', async line => {
        const order = JSON.parse(line);
        try {
            say({ done: order.number, result: (await orders[order.order](order)) ?? null });
        } catch (error) {
            say({ done: order.number, error: error.rpcErrorCode ?? error.code ?? error.name, words: error.message });
        }
    })
    .on('close', () => process.exit(0));
