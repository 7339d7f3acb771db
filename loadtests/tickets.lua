-- wrk asks for tickets, each at another of many halls and queues, so that no line grows longer than lines do.
-- Arguments: path with HALL for the hall's number, body with QUEUE for the queue, token, how many halls.
local requests, nth = {}, 0

function init(arguments)
  local path, body, token, halls = arguments[1], arguments[2], arguments[3], tonumber(arguments[4])
  local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token }
  for hall = 1, halls do
    for queue in ("abcdef"):gmatch(".") do
      local here, said = path:gsub("HALL", tostring(hall)), body:gsub("QUEUE", queue)
      table.insert(requests, wrk.format("POST", here, headers, said))
    end
  end
end

function request()
  nth = nth % #requests + 1
  return requests[nth]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('\n{"requests":%d,"seconds":%f,"failed":%d,"p50_ms":%f,"p99_ms":%f}\n',
    summary.requests, summary.duration / 1e6, failed, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
