#include "core/doctor/about_json.h"

#include "core/kube/json.h"

namespace hitless::doctor {
namespace json = boost::json;

std::string renderAbout(const Evidence& evidence) {
  json::array samples;
  for (const Sample& sample : evidence.samples) {
    samples.emplace_back(json::object{{"atNs", sample.at.count()}});
  }
  json::object unread;
  for (const auto& [name, reason] : evidence.unread) {
    unread.emplace(name, reason);
  }
  return json::serialize(json::object{{"format", 1},
                                      {"host", evidence.host},
                                      {"kernel", evidence.kernel},
                                      {"taken", formatMicroTime(evidence.taken)},
                                      {"samples", std::move(samples)},
                                      {"unread", std::move(unread)}});
}

Result<Evidence> parseAbout(std::string_view text) {
  constexpr std::size_t kMaxSamples = 16;
  const json::value value = TRY(kube::parseJson(text));
  const json::object* about = value.if_object();
  if (about == nullptr || kube::integer(*about, {"format"}) != 1) {
    return invalid("the bundle's about.json is not of format 1",
                   "it was made by another version of hitless");
  }
  Evidence evidence;
  evidence.host = kube::text(*about, {"host"});
  evidence.kernel = kube::text(*about, {"kernel"});
  evidence.taken = parseTime(kube::text(*about, {"taken"})).value_or(WallTime{});
  if (const json::array* samples = kube::findArray(*about, {"samples"})) {
    if (samples->size() > kMaxSamples) {
      return invalid("the bundle's about.json speaks of more than 16 samples");
    }
    for (const json::value& entry : *samples) {
      Sample& sample = evidence.samples.emplace_back();
      if (const json::object* object = entry.if_object()) {
        sample.at = nanoseconds(kube::integer(*object, {"atNs"}));
      }
    }
  }
  if (const json::object* unread = kube::findObject(*about, {"unread"})) {
    for (const auto& [name, reason] : *unread) {
      evidence.unread.emplace(name, reason.is_string() ? std::string(reason.get_string()) : "");
    }
  }
  return evidence;
}

}  // namespace hitless::doctor
