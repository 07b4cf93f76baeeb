-- wrk's part: the same signed payload again and again, each time under a new GUID.
-- Arguments: payload's file, signature, seed.
local threads = 0

function setup(thread)
   threads = threads + 1
   thread:set("number", threads)
end

function init(args)
   local file = assert(io.open(args[1], "rb"))
   body = file:read("*a")
   file:close()
   math.randomseed(tonumber(args[3]) * 1000 + number)
   local function hex(bits) return math.random(0, 2 ^ bits - 1) end
   prefix = string.format("%08x-%04x-4%03x-8%03x-", hex(31), hex(16), hex(12), hex(12))
   count = 0
   headers = {
      ["Accept"] = "*/*",
      ["Content-Type"] = "application/json",
      ["User-Agent"] = "GitHub-Hookshot/044aadd",
      ["X-GitHub-Event"] = "push",
      ["X-GitHub-Hook-ID"] = "292430182",
      ["X-GitHub-Hook-Installation-Target-ID"] = "186853002",
      ["X-GitHub-Hook-Installation-Target-Type"] = "repository",
      ["X-Hub-Signature-256"] = args[2],
   }
end

function request()
   count = count + 1
   headers["X-GitHub-Delivery"] = prefix .. string.format("%012x", count)
   return wrk.format("POST", "/webhooks/github", headers, body)
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      '{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"failed":%d}\n',
      summary.requests, summary.duration / 1e6,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
