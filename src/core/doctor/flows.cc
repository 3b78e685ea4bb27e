#include "core/doctor/flows.h"

#include <boost/json/serialize.hpp>

#include "core/doctor/json_fields.h"

namespace hitless::doctor {
namespace {

namespace json = boost::json;
using conntrack::Flow;
using conntrack::Tuple;

/// protocol, four fields for each direction, status; of TCP its state behind that. A list because
/// there are tens of thousands.
constexpr std::size_t kFields = 10;

void append(json::array& out, const Tuple& tuple) {
  out.emplace_back(tuple.source.text());
  out.emplace_back(tuple.sourcePort);
  out.emplace_back(tuple.destination.text());
  out.emplace_back(tuple.destinationPort);
}

json::array toJson(const Flow& flow) {
  json::array out;
  out.reserve(kFields + 1);
  out.emplace_back(flow.original.protocol);
  append(out, flow.original);
  append(out, flow.reply);
  out.emplace_back(flow.status);
  if (flow.tcpState) {
    out.emplace_back(static_cast<std::uint64_t>(*flow.tcpState));
  }
  return out;
}

template <class Number>
bool read(const json::value& from, Number& into) {
  boost::system::error_code failed;
  into = from.to_number<Number>(failed);
  return !failed;
}

bool read(const json::value& from, IpAddress& into) {
  const auto* text = from.if_string();
  const auto parsed = text == nullptr ? std::nullopt : IpAddress::parse(std::string_view(*text));
  into = parsed.value_or(IpAddress());
  return parsed.has_value();
}

bool read(const json::array& from, std::size_t at, Tuple& into) {
  return read(from[at], into.source) && read(from[at + 1], into.sourcePort) &&
         read(from[at + 2], into.destination) && read(from[at + 3], into.destinationPort);
}

std::optional<Flow> flowFrom(const json::value& value) {
  const auto* from = value.if_array();
  Flow flow;
  if (from == nullptr || from->size() < kFields || !read((*from)[0], flow.original.protocol) ||
      !read(*from, 1, flow.original) || !read(*from, 5, flow.reply) ||
      !read((*from)[9], flow.status)) {
    return std::nullopt;
  }
  flow.reply.protocol = flow.original.protocol;
  std::uint8_t state = 0;
  if (from->size() > kFields && read((*from)[kFields], state)) {
    flow.tcpState = static_cast<conntrack::TcpState>(state);
  }
  return flow;
}

}  // namespace

std::string renderFlows(const Flows& flows) {
  json::array list;
  list.reserve(flows.flows.size());
  for (const Flow& flow : flows.flows) {
    list.emplace_back(toJson(flow));
  }
  return json::serialize(json::object{{"cut", flows.cut}, {"flows", std::move(list)}});
}

Result<Flows> parseFlows(std::string_view json) {
  const json::object from = TRY(fields::parseObject(json, "the connection table"));
  Flows flows;
  flows.cut = fields::flag(from, "cut");
  for (const auto& entry : fields::list(from, "flows")) {
    if (auto flow = flowFrom(entry)) {
      flows.flows.push_back(std::move(*flow));
    }
  }
  return flows;
}

}  // namespace hitless::doctor
