#include "core/proxy/inject/record.h"

#include <array>
#include <utility>

namespace hitless::proxy::inject {
namespace {

using Before = Record::Before;
namespace json = kube::json;

constexpr std::array<std::pair<std::string_view, Before Record::*>, 3> kFields = {
    {{"metadata", &Record::metadata},
     {"annotations", &Record::annotations},
     {"initContainers", &Record::initContainers}}};

std::optional<Before> beforeOf(std::string_view word) {
  return word == "absent"  ? std::optional(Before::kAbsent)
         : word == "null"  ? std::optional(Before::kNull)
         : word == "there" ? std::optional(Before::kThere)
                           : std::nullopt;
}

bool isEmpty(const json::value& value) {
  return (value.is_object() && value.get_object().empty()) ||
         (value.is_array() && value.get_array().empty());
}

}  // namespace

std::string Record::text() const {
  json::object out;
  for (const auto& [name, field] : kFields) {
    if (this->*field != Before::kThere) {
      out[name] = this->*field == Before::kAbsent ? "absent" : "null";
    }
  }
  if (!probes.empty()) {
    json::array& list = out["probes"].emplace_array();
    for (const Probe& probe : probes) {
      list.push_back(json::object{
          {"container", probe.container}, {"probe", probe.name}, {"tcpSocket", probe.original}});
    }
  }
  return json::serialize(out);
}

std::optional<Record> Record::parse(std::string_view text) {
  const auto parsed = kube::parseJson(text);
  const json::object* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) {
    return std::nullopt;
  }
  Record out;
  for (const auto& [name, field] : kFields) {
    const auto before = beforeOf(kube::text(*object, {name}, "there"));
    if (!before) {
      return std::nullopt;
    }
    out.*field = *before;
  }
  if (const json::array* list = kube::findArray(*object, {"probes"})) {
    for (const json::value& element : *list) {
      const json::object* probe = element.if_object();
      const json::value* original = probe == nullptr ? nullptr : kube::find(*probe, "tcpSocket");
      if (original == nullptr) {
        return std::nullopt;
      }
      out.probes.push_back({std::string(kube::text(*probe, {"container"})),
                            std::string(kube::text(*probe, {"probe"})), *original});
    }
  }
  return out;
}

Before before(const json::object& holder, std::string_view key) {
  const json::value* value = kube::find(holder, key);
  return value == nullptr ? Before::kAbsent : value->is_null() ? Before::kNull : Before::kThere;
}

void restore(json::object& holder, std::string_view key, Before before) {
  const auto it = holder.find(key);
  if (before == Before::kThere || it == holder.end() || !isEmpty(it->value())) {
    return;
  }
  if (before == Before::kNull) {
    it->value() = nullptr;
  } else {
    holder.stable_erase(it);
  }
}

}  // namespace hitless::proxy::inject
