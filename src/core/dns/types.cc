#include "core/dns/types.h"

#include <fmt/format.h>

#include "base/text.h"

namespace hitless::dns {
namespace {

struct TypeName {
  Type type;
  std::string_view name;
};

/// Those that logs and metrics call by name.
constexpr TypeName kTypes[] = {
    {Type::kA, "A"},
    {Type::kNs, "NS"},
    {Type::kCname, "CNAME"},
    {Type::kSoa, "SOA"},
    {Type::kPtr, "PTR"},
    {static_cast<Type>(13), "HINFO"},
    {Type::kMx, "MX"},
    {Type::kTxt, "TXT"},
    {Type::kAaaa, "AAAA"},
    {Type::kSrv, "SRV"},
    {static_cast<Type>(35), "NAPTR"},
    {Type::kOpt, "OPT"},
    {static_cast<Type>(43), "DS"},
    {static_cast<Type>(46), "RRSIG"},
    {static_cast<Type>(47), "NSEC"},
    {static_cast<Type>(48), "DNSKEY"},
    {static_cast<Type>(64), "SVCB"},
    {static_cast<Type>(65), "HTTPS"},
    {static_cast<Type>(257), "CAA"},
    {Type::kIxfr, "IXFR"},
    {Type::kAxfr, "AXFR"},
    {Type::kAny, "ANY"},
};

}  // namespace

std::string text(Type type) {
  for (const TypeName& known : kTypes) {
    if (known.type == type) {
      return std::string(known.name);
    }
  }
  return fmt::format("TYPE{}", static_cast<unsigned>(type));
}

std::optional<Type> parseType(std::string_view text) {
  const std::string lower = toLower(text);
  for (const TypeName& known : kTypes) {
    if (toLower(known.name) == lower) {
      return known.type;
    }
  }
  if (lower.starts_with("type")) {
    const auto number = parseUint(std::string_view(lower).substr(4));
    if (number && *number <= 0xffff) {
      return static_cast<Type>(*number);
    }
  }
  return std::nullopt;
}

std::string text(Class klass) {
  return klass == Class::kInternet ? "IN" : fmt::format("CLASS{}", static_cast<unsigned>(klass));
}

std::string text(Rcode rcode) {
  switch (rcode) {
    case Rcode::kNoError:
      return "NOERROR";
    case Rcode::kFormErr:
      return "FORMERR";
    case Rcode::kServFail:
      return "SERVFAIL";
    case Rcode::kNxDomain:
      return "NXDOMAIN";
    case Rcode::kNotImp:
      return "NOTIMP";
    case Rcode::kRefused:
      return "REFUSED";
    case Rcode::kBadVers:
      return "BADVERS";
  }
  return fmt::format("RCODE{}", static_cast<unsigned>(rcode));
}

}  // namespace hitless::dns
