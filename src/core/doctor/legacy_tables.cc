#include "core/doctor/legacy_tables.h"

#include <boost/json/serialize.hpp>

#include "core/doctor/json_fields.h"

namespace hitless::doctor {

namespace json = boost::json;

std::string renderLegacyTables(const std::vector<LegacyTable>& tables) {
  json::array list;
  for (const LegacyTable& table : tables) {
    list.push_back(json::object{{"family", table.family},
                                {"name", table.name},
                                {"entries", table.entries},
                                {"bytes", table.bytes}});
  }
  return json::serialize(json::object{{"tables", std::move(list)}});
}

Result<std::vector<LegacyTable>> parseLegacyTables(std::string_view text) {
  const json::object root = TRY(fields::parseObject(text, "the list of legacy tables"));
  std::vector<LegacyTable> tables;
  fields::eachObject(root, "tables", [&](const json::object& object) {
    tables.push_back({fields::text(object, "family"), fields::text(object, "name"),
                      fields::small<std::uint32_t>(object, "entries"),
                      fields::small<std::uint32_t>(object, "bytes")});
  });
  return tables;
}

}  // namespace hitless::doctor
