#include "app/rehearsal/run_json.h"

#include "core/report/foreign.h"

namespace hitless::app {
namespace {

namespace json = kube::json;

/// A program that did not say what it asked for has no "load".
json::object resultToJson(const report::NamedLoad& entry) {
  json::object out = load::toJson(entry.result);
  if (entry.result.spec.url.empty()) {
    out.erase("load");
  }
  return out;
}

Result<report::NamedLoad> loadOf(const json::object& entry, const json::object& result) {
  const std::string name(kube::text(entry, {"name"}));
  const std::string client(kube::text(entry, {"client"}));
  if (client.empty()) {
    return report::NamedLoad{name, TRY(load::fromJson(result))};
  }
  return report::foreignLoad({name, client, {}, {}}, result);
}

}  // namespace

json::object toJson(const report::ProfileRun& run) {
  json::array loads;
  for (const report::NamedLoad& entry : run.loads) {
    loads.push_back(json::object{
        {"name", entry.name}, {"client", entry.client}, {"result", resultToJson(entry)}});
  }
  json::array timeline;
  for (const timeline::Event& event : run.events) {
    timeline.emplace_back(timeline::encode(event));
  }
  const auto nanos = [](const std::optional<WallTime>& time) -> json::value {
    return time ? json::value(time->time_since_epoch().count()) : json::value(nullptr);
  };
  return {{"profile", run.profile},
          {"clientNode", run.clientNode},
          {"loads", std::move(loads)},
          {"timeline", std::move(timeline)},
          {"actionStarted", nanos(run.actionStarted)},
          {"rolloutComplete", nanos(run.rolloutComplete)},
          {"lastPodGone", nanos(run.lastPodGone)}};
}

Result<report::ProfileRun> profileRunOf(const json::object& object) {
  report::ProfileRun run;
  run.profile = kube::text(object, {"profile"});
  run.clientNode = kube::text(object, {"clientNode"});
  const auto time = [&object](std::string_view key) -> std::optional<WallTime> {
    const auto ns = kube::optionalInteger(object, {key});
    return ns ? std::optional(WallTime{nanoseconds{*ns}}) : std::nullopt;
  };
  run.actionStarted = time("actionStarted");
  run.rolloutComplete = time("rolloutComplete");
  run.lastPodGone = time("lastPodGone");
  if (const json::array* loads = kube::findArray(object, {"loads"})) {
    for (const json::value& entry : *loads) {
      const json::object* result =
          entry.is_object() ? kube::findObject(entry.get_object(), {"result"}) : nullptr;
      if (result == nullptr) {
        return invalid("a load without a result");
      }
      run.loads.push_back(TRY(loadOf(entry.get_object(), *result)));
    }
  }
  if (const json::array* lines = kube::findArray(object, {"timeline"})) {
    for (const json::value& line : *lines) {
      if (line.is_string()) {
        run.events.push_back(TRY(timeline::decode(line.get_string())));
      }
    }
  }
  return run;
}

}  // namespace hitless::app
