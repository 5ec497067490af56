-- Run once by the postgres image, on an empty volume: the simulators keep their books in a database of their own.
CREATE DATABASE waybill_simulators;
