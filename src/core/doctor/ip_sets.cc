#include "core/doctor/ip_sets.h"

#include <boost/json/serialize.hpp>

#include "core/doctor/json_fields.h"

namespace hitless::doctor {

std::string renderIpSets(const std::vector<IpSet>& sets) {
  boost::json::array list;
  for (const IpSet& set : sets) {
    list.emplace_back(boost::json::object{{"name", set.name},
                                          {"type", set.type},
                                          {"revision", set.revision},
                                          {"family", set.family},
                                          {"references", set.references},
                                          {"elements", set.elements},
                                          {"maxElements", set.maxElements},
                                          {"memory", set.memory}});
  }
  return boost::json::serialize(boost::json::object{{"sets", std::move(list)}});
}

Result<std::vector<IpSet>> parseIpSets(std::string_view json) {
  const auto from = TRY(fields::parseObject(json, "the list of IP sets"));
  std::vector<IpSet> sets;
  fields::eachObject(from, "sets", [&](const boost::json::object& one) {
    sets.push_back({fields::text(one, "name"), fields::text(one, "type"),
                    fields::small<std::uint8_t>(one, "revision"),
                    fields::small<std::uint8_t>(one, "family"),
                    fields::small<std::uint32_t>(one, "references"),
                    fields::small<std::uint32_t>(one, "elements"),
                    fields::small<std::uint32_t>(one, "maxElements"),
                    fields::small<std::uint32_t>(one, "memory")});
  });
  return sets;
}

}  // namespace hitless::doctor
