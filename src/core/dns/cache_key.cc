#include "core/dns/cache_key.h"

#include <bit>
#include <cstring>

namespace hitless::dns {
namespace {

struct SipState {
  std::uint64_t a, b, c, d;

  void round() {
    a += b;
    b = std::rotl(b, 13) ^ a;
    a = std::rotl(a, 32);
    c += d;
    d = std::rotl(d, 16) ^ c;
    a += d;
    d = std::rotl(d, 21) ^ a;
    c += b;
    b = std::rotl(b, 17) ^ c;
    c = std::rotl(c, 32);
  }
  void add(std::uint64_t word) {
    d ^= word;
    round();
    a ^= word;
  }
};

}  // namespace

std::uint64_t KeyHash::operator()(const CacheKey& key) const {
  SipState state{seed0_ ^ 0x736f6d6570736575ULL, seed1_ ^ 0x646f72616e646f6dULL,
                 seed0_ ^ 0x6c7967656e657261ULL, seed1_ ^ 0x7465646279746573ULL};
  std::string_view rest = key.name;
  std::uint64_t word = 0;
  for (; rest.size() >= sizeof word; rest.remove_prefix(sizeof word)) {
    std::memcpy(&word, rest.data(), sizeof word);
    state.add(word);
  }
  word = 0;
  std::memcpy(&word, rest.data(), rest.size());
  state.add(word);
  state.add(std::uint64_t{key.name.size()} << 40 |
            std::uint64_t{static_cast<std::uint16_t>(key.type)} << 24 |
            std::uint64_t{static_cast<std::uint16_t>(key.klass)} << 8 | key.flags);
  state.c ^= 0xff;
  state.round();
  state.round();
  state.round();
  return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace hitless::dns
