-- SPDX-License-Identifier: LGPL-2.1-or-later
-- One decision, inside the server, so atomic: the same rules as lib/limit/window.c, decide.c and
-- anchor.c, where the reasons stand.
--
-- KEYS: the sender. ARGV: one string, see write_request in redis.c: what, whether the client's clock
-- counts, its calendar and steady clock in ms and the latter's id; recipients, least, messages, at,
-- close; windows, and for each length, limit, kind, and the zone's offsets in minutes now and at the
-- next end.
-- Result: granted, at; unless all was, retry, closed, stopped by (-1: none), and for each window
-- used and next.
--
-- State: head <version B, windows B, at d, unix d, steady d, closed until d, level B, id c8, expires
-- d>; a
-- window <length d, kind B, head d, used d>, and 84 octets: of a rolling one 21 counts <I4>, of a
-- fixed one the end of its period and when it was opened <d d>.
local PARTS, SLOTS, DAY, MINUTE, HOUR = 20, 21, 86400000, 60000, 3600000
local ASK, ASKED, HEAD, WINDOW, RING = '<BBddc8dddddB', '<ddBhh', '<BBddddBc8d', '<dBdd', 84
local EMPTY, NO_CLOCK = string.rep('\0', RING), '\0\0\0\0\0\0\0\0'
local pack, unpack_at, floor, sub = struct.pack, struct.unpack, math.floor, string.sub
local RESERVE, REFUND, QUERY, RESET, CLOSE = 1, 2, 3, 4, 5
local _

local what, client_clock, unix, steady, id, recipients, least, messages, at_ms, close_ms, n_asked,
    asked = unpack_at(ASK, ARGV[1])
if client_clock == 0 then
    local now = redis.call('TIME')
    unix, steady, id = now[1] * 1000 + floor(now[2] / 1000), 0, NO_CLOCK
end
local state = redis.call('GET', KEYS[1])

-- ---- the usual case ----

-- All is admitted by rolling windows that the state has, in their order, and time has passed by the
-- clock that it knows. It is done here with nothing but what it needs, not even functions, which
-- are made anew by each call. Returns nothing when it is another case: what is below decides.
if what == RESERVE and state and #state == 51 + n_asked * (25 + RING) then
    local version, n_held, at, unix_then, steady_then, closed, level, id_then, expires, from =
        unpack_at(HEAD, state)
    local passed = unix - unix_then
    if id ~= NO_CLOCK then
        passed = math.max(steady - steady_then, 0)
        unix_then, steady_then = math.max(unix_then + passed, unix), steady_then + passed
    else
        unix_then = unix
    end
    at = at + passed
    if version == 1 and n_held == n_asked and id == id_then and passed >= 0 and closed <= at then
        local keep, new = 16 * HOUR, ''
        for i = 1, n_asked do
            local length, limit, kind
            length, limit, kind, _, _, asked = unpack_at(ASKED, ARGV[1], asked)
            local held, held_kind, head, used = unpack_at(WINDOW, state, from)
            local ring = sub(state, from + 25, from + 24 + RING)
            local part = floor(at * PARTS / length)
            local n = kind == 1 and messages or recipients
            if held ~= length or held_kind ~= kind or kind > 1 then new = nil break end
            if part - head >= SLOTS then
                ring, used, head = EMPTY, 0, part
            end
            while head < part do
                head = head + 1
                local place = head % SLOTS * 4
                local count = unpack_at('<I4', ring, place + 1)
                if count > 0 then
                    used = used - count
                    ring = sub(ring, 1, place) .. '\0\0\0\0' .. sub(ring, place + 5)
                end
            end
            used = used + n
            if used > limit then new = nil break end
            local place = head % SLOTS * 4
            local count = unpack_at('<I4', ring, place + 1) + n
            new = new .. pack(WINDOW, length, kind, head, used) .. sub(ring, 1, place) ..
                pack('<I4', count) .. sub(ring, place + 5)
            keep = math.max(keep, 2 * length)
            from = from + 25 + RING
        end
        if new then
            -- By the server's own clock the time to live need not be set again each time.
            local lasts = client_clock == 0 and expires - unix >= keep
            if not lasts then expires = unix + keep * 3 / 2 end
            new = pack(HEAD, 1, n_asked, at, unix_then, steady_then, closed, level, id, expires) ..
                new
            if lasts then
                redis.call('SETRANGE', KEYS[1], 0, new)
            else
                redis.call('SET', KEYS[1], new, 'PX', string.format('%.0f', keep * 3 / 2))
            end
            return {recipients, at}
        end
    end
end

-- ---- time ----

local has_steady = id ~= NO_CLOCK

local a = {at = math.max(unix, 1), unix = unix, steady = steady, id = id, closed = 0, level = 0}
local restarted = true

local function advance_anchor()
    restarted = a.id ~= id
    if restarted then
        local passed = unix - a.unix - 1
        if passed > 0 then a.at, a.unix = a.at + passed, unix end
        a.steady, a.id = steady, id
    elseif has_steady then
        local passed = math.max(steady - a.steady, 0)
        a.at, a.steady, a.unix = a.at + passed, a.steady + passed, math.max(a.unix + passed, unix)
    else
        local passed = unix - a.unix
        if passed > 0 then a.at = a.at + passed end
        if passed < -HOUR then restarted = true end
        if passed > 0 or passed < -HOUR then a.unix = unix end
    end
end

-- ---- windows ----

local function is_fixed(w) return w.kind >= 2 end

local function count_of(w, part)
    return (unpack_at('<I4', w.ring, part % SLOTS * 4 + 1))
end

local function put_count(w, part, count)
    local from = part % SLOTS * 4
    w.ring = sub(w.ring, 1, from) .. pack('<I4', count) .. sub(w.ring, from + 5)
end

local function part_of(w, t) return floor(t * PARTS / w.length) end
local function start_of(w, part) return math.ceil(part * w.length / PARTS) end

local function advance_ring(w, now)
    local part = part_of(w, now)
    if part <= w.head then return end
    if part - w.head >= SLOTS then
        w.ring, w.used = EMPTY, 0
    else
        for p = w.head + 1, part do
            local count = count_of(w, p)
            if count > 0 then
                w.used = w.used - count
                put_count(w, p, 0)
            end
        end
    end
    w.head = part
end

local function find_period(w)
    local origin = w.length % (7 * DAY) == 0 and -3 * DAY or 0
    local here = unix + w.offset * MINUTE - origin
    local number = floor(here / w.length)
    local rest = (number + 1) * w.length - here + (w.offset - w.next) * MINUTE
    return number, math.max(rest, 1)
end

local function advance_period(w, now)
    local ends, opened = unpack_at('<dd', w.ring)
    if opened > 0 and now < ends then return end
    local number, rest = find_period(w)
    if opened > 0 and number <= w.head and now < ends + w.length then return end
    w.head, w.used = number, 0
    w.ring = pack('<dd', now + rest, now) .. sub(EMPTY, 17)
end

local function advance(w, now)
    if is_fixed(w) then advance_period(w, now) else advance_ring(w, now) end
end

local function add(w, n)
    if n == 0 then return end
    w.used = w.used + n
    if not is_fixed(w) then put_count(w, w.head, count_of(w, w.head) + n) end
end

local function take_back(w, n, at)
    if is_fixed(w) then
        local _, opened = unpack_at('<dd', w.ring)
        if at >= opened then w.used = math.max(w.used - n, 0) end
        return
    end
    local part = math.min(part_of(w, at), w.head)
    if w.head - part > PARTS then return end
    local count = count_of(w, part)
    n = math.min(n, count)
    put_count(w, part, count - n)
    w.used = w.used - n
end

local function wait(w, n, now)
    if n > w.limit then return -1 end
    local missing = w.used + n - w.limit
    if missing <= 0 then return 0 end
    if is_fixed(w) then
        local ends = unpack_at('<d', w.ring)
        if now < ends then return ends - now end
        return math.max(math.min(ends + w.length - now, MINUTE), 1)
    end
    local part = math.max(w.head - PARTS, 0)
    while part < w.head do
        missing = missing - count_of(w, part)
        if missing <= 0 then break end
        part = part + 1
    end
    return math.max(start_of(w, part + SLOTS) - now, 1)
end

local function is_idle(w, now)
    if is_fixed(w) then
        local ends = unpack_at('<d', w.ring)
        return w.used == 0 or now >= ends + w.length
    end
    return part_of(w, now) - w.head > PARTS or w.used == 0
end

local function cost(w, n) return w.kind % 2 == 1 and messages or n end

-- ---- the state and the rule ----

local rule = {}
_, _, _, _, _, _, _, _, _, _, _, asked = unpack_at(ASK, ARGV[1])
for i = 1, n_asked do
    local w = {head = 0, used = 0, ring = EMPTY}
    w.length, w.limit, w.kind, w.offset, w.next, asked = unpack_at(ASKED, ARGV[1], asked)
    rule[i] = w
end

local function same(x, y) return x.length == y.length and x.kind == y.kind end

-- What the state shows of a window that was not kept until now.
local function seed(w, held, now)
    local best
    for _, h in ipairs(held) do
        if h.kind % 2 == w.kind % 2 then
            local covers, best_covers = h.length >= w.length, best and best.length >= w.length
            if not best or covers and (not best_covers or h.length < best.length) or
                not covers and not best_covers and h.length > best.length then
                best = h
            end
        end
    end
    if not best or is_idle(best, now) then return end
    if is_fixed(w) or is_fixed(best) then
        advance(w, now)
        add(w, best.used)
        return
    end
    for part = math.max(best.head - PARTS, 0), best.head do
        advance_ring(w, math.min(start_of(best, part + 1), now))
        add(w, count_of(best, part))
    end
end

local held = {}
if state then
    local version, n = string.byte(state, 1, 2)
    if version ~= 1 then return redis.error_reply('MAILSUBVERSION') end
    if not n or #state ~= 51 + n * (25 + RING) then return redis.error_reply('MAILSUBDAMAGED') end
    local at = 1
    _, _, a.at, a.unix, a.steady, a.closed, a.level, a.id, _, at = unpack_at(HEAD, state)
    for i = 1, n do
        local w = {}
        w.length, w.kind, w.head, w.used, at = unpack_at(WINDOW, state, at)
        w.ring = sub(state, at, at + RING - 1)
        at = at + RING
        held[i] = w
    end
    advance_anchor()
end
local now = a.at

local windows = {}
for i, w in ipairs(rule) do
    local h = held[i]
    if not h or not same(h, w) then
        h = nil
        for _, other in ipairs(held) do
            if same(other, w) then h = other end
        end
    end
    if h then
        w.head, w.used, w.ring = h.head, h.used, h.ring
        h.adopted = true
    end
    windows[i] = w
end
for _, h in ipairs(held) do
    if not is_fixed(h) then advance_ring(h, now) end
end
for i, w in ipairs(rule) do
    local known = false
    for _, h in ipairs(held) do known = known or same(h, w) end
    if not known then seed(w, held, now) end
    advance(w, now)
end
for _, h in ipairs(held) do
    if not h.adopted and not is_idle(h, now) and #windows < 7 then windows[#windows + 1] = h end
end

-- ---- the decision ----

local function closure(level) return math.min(MINUTE * 2 ^ level, 4 * HOUR) end

if what == CLOSE then
    local ms = close_ms
    if ms == 0 and a.closed <= now then
        if a.closed == 0 or now >= a.closed + 4 * closure(a.level) then
            a.level = 0
        else
            a.level = math.min(a.level + 1, 8)
        end
        ms = closure(a.level)
    end
    if ms > 0 then a.closed = math.max(a.closed, now + ms) end
elseif what == RESET then
    a.closed, a.level, windows = 0, 0, {}
elseif what == REFUND then
    for _, w in ipairs(windows) do take_back(w, cost(w, recipients), at_ms) end
end

local closed = math.max(a.closed - now, 0)
local granted, retry, stopped = 0, 0, -1
if what == RESERVE then
    granted = recipients
    for _, w in ipairs(rule) do
        local left = math.max(w.limit - w.used, 0)
        if w.kind % 2 == 0 then
            granted = math.min(granted, left)
        elseif left < messages then
            granted = 0
        end
    end
    if closed > 0 or granted < least then
        granted = 0
        for i, w in ipairs(rule) do
            local ms = wait(w, cost(w, least), now)
            if ms ~= 0 and retry >= 0 and (ms < 0 or ms > retry) then
                retry, stopped = ms, i - 1
            end
        end
        if retry >= 0 and retry <= closed then retry, stopped = closed, -1 end
    else
        for _, w in ipairs(windows) do add(w, cost(w, granted)) end
    end
elseif what == REFUND then
    granted = recipients
end

if what ~= QUERY and (what ~= RESERVE or granted > 0 or restarted) then
    local parts = {''}
    local keep = closed + 16 * HOUR
    for i, w in ipairs(windows) do
        parts[i + 1] = pack(WINDOW, w.length, w.kind, w.head, w.used) .. w.ring
        keep = math.max(keep, 2 * w.length)
    end
    keep = keep * 3 / 2
    parts[1] = pack(HEAD, 1, #windows, a.at, a.unix, a.steady, a.closed, a.level, a.id, unix + keep)
    redis.call('SET', KEYS[1], table.concat(parts), 'PX', string.format('%.0f', keep))
end

if what == RESERVE and granted == recipients then return {granted, now} end
local answer = {granted, now, retry, closed, stopped}
for _, w in ipairs(rule) do
    local ms = wait(w, 1, now)
    answer[#answer + 1], answer[#answer + 2] = w.used, ms
    if what == RESERVE and granted > 0 and ms > answer[3] then answer[3] = ms end
end
return answer
