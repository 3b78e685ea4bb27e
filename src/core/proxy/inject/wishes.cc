#include "core/proxy/inject/wishes.h"

#include <fmt/format.h>

#include "core/proxy/inject/names.h"
#include "core/proxy/sidecar.h"

namespace hitless::proxy::inject {
namespace {

/// An annotation as text, as strings only.
std::string_view annotation(const kube::json::object& pod, std::string_view key) {
  return kube::text(pod, {"metadata", "annotations", key});
}

void complain(std::vector<std::string>& warnings, std::string_view key, std::string_view value,
              std::string_view instead) {
  warnings.push_back(fmt::format("{} is \"{}\", which is not {}", key, value, instead));
}

void readForm(const kube::json::object& pod, Wishes& out, std::vector<std::string>& warnings) {
  const std::string_view form = annotation(pod, kSidecar);
  if (form == "container") {
    out.form = Wishes::Form::kContainer;
  } else if (!form.empty() && form != "native") {
    complain(warnings, kSidecar, form, "\"native\" or \"container\": the proxy is native");
  }
  const std::string_view hold = annotation(pod, kHoldApplication);
  out.holdApplication = hold == "true";
  if (!hold.empty() && hold != "true" && hold != "false") {
    complain(warnings, kHoldApplication, hold, "\"true\" or \"false\": nothing is held");
  }
}

/// For what has a reader of its own; absent ones are left as they are.
template <class T>
void read(const kube::json::object& pod, std::string_view key, Result<T> (*parse)(std::string_view),
          T& into, std::vector<std::string>& warnings) {
  if (kube::find(pod, {"metadata", "annotations", key}) == nullptr) {
    return;
  }
  auto parsed = parse(annotation(pod, key));
  if (parsed) {
    into = *std::move(parsed);
  } else {
    warnings.push_back(fmt::format("{}: {}: it counts as absent", key, parsed.error().text()));
  }
}

}  // namespace

bool Wishes::takes(std::uint16_t port) const {
  return inbound.contains(port) && !inboundExcluded.contains(port) &&
         (port < sidecar::kFirstReserved || port > sidecar::kLastReserved);
}

Wishes wishesOf(const kube::json::object& pod, std::vector<std::string>& warnings) {
  Wishes out;
  readForm(pod, out, warnings);
  read(pod, kDrain, parseDrainMode, out.drain, warnings);
  read(pod, kInboundPorts, PortList::parse, out.inbound, warnings);
  read(pod, kInboundExcluded, PortList::parse, out.inboundExcluded, warnings);
  read(pod, kOutboundPorts, PortList::parse, out.outbound, warnings);
  read(pod, kOutboundExcluded, PortList::parse, out.outboundExcluded, warnings);
  out.image = annotation(pod, kImage);
  const std::string_view log = annotation(pod, kAccessLog);
  if (log == "text" || log == "json" || log == "off") {
    out.accessLog = log;
  } else if (!log.empty()) {
    complain(warnings, kAccessLog, log, "\"text\", \"json\" or \"off\"");
  }
  return out;
}

}  // namespace hitless::proxy::inject
