#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/proxy/http1/head.h"

namespace hitless::proxy::http1 {

/// Takes a body out of the bytes of a connection, whatever its framing (RFC 9112 6, 7.1).
class BodyReader {
 public:
  enum class Event : std::uint8_t {
    kMore,  ///< All bytes are taken; the body goes on.
    kData,  ///< data() has some of it.
    kEnd,   ///< It is over; trailers() has what followed.
    kBad,   ///< refusal() says why.
  };

  explicit BodyReader(const HeadLimits& limits) : limits_(limits) {}

  void begin(const Framing& framing);
  /// Takes bytes off the front of `bytes`, up to the next event.
  Event next(std::string_view& bytes);
  /// The connection has ended: whether that ends the body as it should.
  bool endsHere() const { return state_ == State::kUntilEnd || state_ == State::kDone; }
  bool done() const { return state_ == State::kDone; }

  /// Points into the bytes that next() was given.
  std::string_view data() const { return data_; }
  Fields takeTrailers() { return std::move(trailers_); }
  const Refusal& refusal() const { return refusal_; }

 private:
  enum class State : std::uint8_t {
    kDone,
    kLength,
    kUntilEnd,
    kSize,       ///< Of a chunk: its hexadecimal digits.
    kExtension,  ///< Up to the CR of the size's line.
    kSizeEnd,    ///< Its LF.
    kChunk,
    kChunkCr,
    kChunkLf,
    kTrailers,
  };

  Event bad(const Refusal& why);
  Event take(std::string_view& bytes);
  /// One byte of what is between the chunks' data. False: it cannot stand here.
  bool step(char c);
  bool addDigit(char c);
  Event trailerByte(char c);

  HeadLimits limits_;
  State state_ = State::kDone;
  std::uint64_t left_ = 0;  ///< Of the body or chunk.
  unsigned digits_ = 0;
  std::size_t extension_ = 0;  ///< Bytes of chunk extensions in this body.
  std::string trailerText_;
  std::string_view data_;
  Fields trailers_;
  Refusal refusal_{};
};

}  // namespace hitless::proxy::http1
