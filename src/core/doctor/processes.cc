#include "core/doctor/processes.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "core/doctor/json_fields.h"

namespace hitless::doctor {
namespace {

namespace json = boost::json;

json::object toJson(const Process& process) {
  json::object object{{"pid", process.pid},
                      {"parent", process.parent},
                      {"name", process.name},
                      {"executable", process.executable},
                      {"state", std::string_view(&process.state, 1)},
                      {"cpuSeconds", process.cpuSeconds},
                      {"ageSeconds", process.ageSeconds},
                      {"cgroup", process.cgroup},
                      {"netns", process.netns}};
  if (!process.arguments.empty()) {
    object["arguments"] = json::array(process.arguments.begin(), process.arguments.end());
  }
  return object;
}

Process fromJson(const json::object& object) {
  Process process;
  process.pid = fields::small<std::int32_t>(object, "pid");
  process.parent = fields::small<std::int32_t>(object, "parent");
  process.name = fields::text(object, "name");
  process.executable = fields::text(object, "executable");
  for (const json::value& word : fields::list(object, "arguments")) {
    if (word.is_string()) {
      process.arguments.emplace_back(word.get_string());
    }
  }
  const std::string state = fields::text(object, "state");
  process.state = state.empty() ? '?' : state.front();
  process.cpuSeconds = fields::real(object, "cpuSeconds");
  process.ageSeconds = fields::real(object, "ageSeconds");
  process.cgroup = fields::text(object, "cgroup");
  process.netns = fields::count(object, "netns");
  return process;
}

}  // namespace

std::string renderProcesses(const std::vector<Process>& processes) {
  json::array list;
  list.reserve(processes.size());
  for (const Process& process : processes) {
    list.push_back(toJson(process));
  }
  return json::serialize(json::object{{"processes", std::move(list)}});
}

Result<std::vector<Process>> parseProcesses(std::string_view text) {
  const json::object root = TRY(fields::parseObject(text, "the list of processes"));
  std::vector<Process> processes;
  fields::eachObject(root, "processes",
                     [&](const json::object& object) { processes.push_back(fromJson(object)); });
  return processes;
}

bool isPacketFilterTool(std::string_view name) {
  // comm has 15 characters: "xtables-nft-multi" is "xtables-nft-mul".
  static constexpr std::array<std::string_view, 6> kPrefixes{"iptables", "ip6tables", "xtables-",
                                                             "ebtables", "arptables", "ipset"};
  const auto startsName = [&](std::string_view prefix) { return name.starts_with(prefix); };
  return name == "nft" || std::any_of(kPrefixes.begin(), kPrefixes.end(), startsName);
}

}  // namespace hitless::doctor
