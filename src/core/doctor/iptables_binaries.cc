#include "core/doctor/iptables_binaries.h"

#include <array>
#include <boost/json/serialize.hpp>

#include "core/doctor/json_fields.h"

namespace hitless::doctor {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 6> kCanaries{
    "-d 10.43.0.0/16 -j RETURN",
    "-p tcp -m multiport --dports 30000:32767 -j RETURN",
    "-p udp -m multiport --dports 53,5353 -j RETURN",
    "-m mark --mark 0x8000/0x8000 -j DROP",
    "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-i hitless0 -p tcp -m tcp --dport 80 -j ACCEPT"};
constexpr std::array<std::string_view, 2> kPhantoms{
    "-i hitless1 -p tcp -m tcp --dport 80 -j ACCEPT", "-d 10.44.0.0/16 -j RETURN"};

}  // namespace

std::span<const std::string_view> canaryRules() {
  return kCanaries;
}
std::span<const std::string_view> phantomRules() {
  return kPhantoms;
}

std::string renderIptablesBinaries(const IptablesBinaries& value) {
  json::array binaries;
  for (const IptablesBinary& binary : value.binaries) {
    binaries.push_back(json::object{{"path", binary.path},
                                    {"user", binary.user},
                                    {"version", binary.version},
                                    {"backend", binary.backend}});
  }
  json::array truths;
  for (const IptablesTruth& truth : value.truths) {
    truths.push_back(json::object{{"writer", truth.writer},
                                  {"checker", truth.checker},
                                  {"found", truth.found},
                                  {"phantoms", truth.phantoms},
                                  {"savesAlike", truth.savesAlike}});
  }
  return json::serialize(
      json::object{{"binaries", std::move(binaries)}, {"truths", std::move(truths)}});
}

Result<IptablesBinaries> parseIptablesBinaries(std::string_view text) {
  const json::object root = TRY(fields::parseObject(text, "the list of iptables binaries"));
  IptablesBinaries value;
  fields::eachObject(root, "binaries", [&](const json::object& object) {
    value.binaries.push_back({fields::text(object, "path"), fields::text(object, "user"),
                              fields::text(object, "version"), fields::text(object, "backend")});
  });
  fields::eachObject(root, "truths", [&](const json::object& object) {
    IptablesTruth truth{fields::count(object, "writer"), fields::count(object, "checker"),
                        fields::text(object, "found"), fields::text(object, "phantoms"),
                        fields::flag(object, "savesAlike")};
    if (truth.writer < value.binaries.size() && truth.checker < value.binaries.size()) {
      value.truths.push_back(std::move(truth));
    }
  });
  return value;
}

}  // namespace hitless::doctor
