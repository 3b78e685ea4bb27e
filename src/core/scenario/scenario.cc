#include "core/scenario/scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/scenario/profile.h"

namespace hitless::scenario {
namespace {

namespace json = kube::json;

/// Reads one field into the scenario. The table below is the only list of fields.
struct Field {
  std::string_view name;
  Status (*read)(Scenario&, const json::value&);
};

Result<std::string> stringOf(const json::value& value) {
  if (const json::string* string = value.if_string()) {
    return std::string(*string);
  }
  return invalid("must be a string");
}

Result<std::int64_t> integerOf(const json::value& value, std::int64_t low, std::int64_t high) {
  const std::int64_t* number = value.if_int64();
  if (number == nullptr || *number < low || *number > high) {
    return invalid(fmt::format("must be a whole number from {} to {}", low, high));
  }
  return *number;
}

Result<std::vector<std::string>> wordsOf(const json::value& value) {
  const json::array* list = value.if_array();
  std::vector<std::string> words;
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    words.push_back(TRY(stringOf((*list)[i])));
  }
  if (words.empty() || words.front().empty()) {
    return invalid("a client must be a list of a program and its arguments",
                   "client: [python3, client.py]");
  }
  return words;
}

Result<LoadLine> loadLineOf(const json::value& value) {
  LoadLine line;
  if (const json::object* object = value.if_object()) {
    line.name = kube::text(*object, {"name"});
    line.spec = kube::text(*object, {"spec"});
    if (const json::value* client = kube::find(*object, "client")) {
      line.client = TRY(wordsOf(*client));
    }
    line.endsItself = kube::boolean(*object, {"endsItself"});
  }
  if (line.endsItself && line.client.empty()) {
    return invalid("only a client can end by itself", "duration says how long a spec's load lasts");
  }
  if (line.name.empty() || line.spec.empty() == line.client.empty()) {
    return invalid("each entry needs a name, and either a spec or a client",
                   "spec: http://web.default:80/ rate=500 keepalive");
  }
  return line;
}

Status readLoad(Scenario& out, const json::value& value) {
  const json::array* list = value.if_array();
  if (list == nullptr || list->empty()) {
    return invalid("must be a list of {name, spec} or {name, client}");
  }
  for (const json::value& entry : *list) {
    LoadLine line = TRY(loadLineOf(entry));
    const bool taken = std::any_of(out.loads.begin(), out.loads.end(),
                                   [&](const LoadLine& other) { return other.name == line.name; });
    if (taken) {
      return invalid(fmt::format("two entries are named '{}'", line.name));
    }
    out.loads.push_back(std::move(line));
  }
  return {};
}

Status readProfiles(Scenario& out, const json::value& value) {
  const json::array* list = value.if_array();
  if (list == nullptr || list->empty()) {
    return invalid("must be a list of profile names");
  }
  out.profiles.clear();
  for (const json::value& entry : *list) {
    const std::string name = TRY(stringOf(entry));
    TRY_VOID(findProfile(name).map([](const Profile&) {}));
    out.profiles.push_back(name);
  }
  return {};
}

Status readExpect(Scenario& out, const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) {
    return invalid("must be {profile, failed}");
  }
  for (const auto& [key, field] : *object) {
    if (key == "profile") {
      out.expectProfile = TRY(stringOf(field));
      TRY_VOID(findProfile(out.expectProfile).map([](const Profile&) {}));
    } else if (key == "failed") {
      out.expectFailed = TRY(integerOf(field, 0, 1'000'000'000));
    } else {
      return invalid(fmt::format("unknown field \"{}\"", std::string_view(key)),
                     "known: profile, failed");
    }
  }
  return {};
}

constexpr Field kFields[] = {
    {"description",
     [](Scenario& out, const json::value& value) -> Status {
       out.description = trim(TRY(stringOf(value)));
       return {};
     }},
    {"nodes",
     [](Scenario& out, const json::value& value) -> Status {
       out.nodes = static_cast<int>(TRY(integerOf(value, 1, 32)));
       return {};
     }},
    {"clientNode",
     [](Scenario& out, const json::value& value) -> Status {
       out.clientNode = TRY(stringOf(value));
       return {};
     }},
    {"load", readLoad},
    {"action",
     [](Scenario& out, const json::value& value) -> Status {
       out.action = TRY(stringOf(value));
       TRY_VOID(parseActions(out.action).map([](const std::vector<Action>&) {}));
       return {};
     }},
    {"duration",
     [](Scenario& out, const json::value& value) -> Status {
       const auto duration = parseDuration(TRY(stringOf(value)));
       if (!duration || *duration < seconds{1} || *duration > seconds{3600}) {
         return invalid("must be a duration from 1s to 1h", "duration: 20s");
       }
       out.duration = *duration;
       return {};
     }},
    {"profiles", readProfiles},
    {"expect", readExpect},
};

tl::unexpected<Error> at(Error error, std::string_view file, std::string_view field) {
  return tl::unexpected<Error>(std::move(error).about(fmt::format("{}: {}", file, field)));
}

}  // namespace

Result<Scenario> scenarioOf(const json::value& value, std::string_view file) {
  const json::object* object = value.if_object();
  if (object == nullptr || kube::text(*object, {"kind"}) != "Scenario" ||
      kube::text(*object, {"apiVersion"}) != "hitless.io/v1") {
    return at(
        Error{ErrorKind::kInvalid, "must be kind: Scenario, apiVersion: hitless.io/v1", {}, {}, 0},
        file, "kind");
  }
  Scenario scenario;
  scenario.name = kube::text(*object, {"metadata", "name"});
  std::vector<std::string> names{"apiVersion", "kind", "metadata"};
  for (const Field& field : kFields) {
    names.emplace_back(field.name);
    if (const json::value* found = kube::find(*object, field.name)) {
      if (auto read = field.read(scenario, *found); !read) {
        return at(std::move(read).error(), file, field.name);
      }
    }
  }
  for (const auto& [key, ignored] : *object) {
    if (std::find(names.begin(), names.end(), std::string_view(key)) == names.end()) {
      const auto meant = nearest(key, names);
      return at(Error{ErrorKind::kInvalid,
                      "unknown field",
                      {},
                      meant ? fmt::format("did you mean {}?", *meant) : "see docs/scenarios.md",
                      0},
                file, key);
    }
  }
  if (scenario.loads.empty()) {
    return at(Error{ErrorKind::kInvalid, "must be set", {}, "see docs/scenarios.md", 0}, file,
              "load");
  }
  return scenario;
}

}  // namespace hitless::scenario
